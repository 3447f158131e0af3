#ifndef STEREOFARM_COORDINATOR_RECONCILE_SORT_FLOATS_H_
#define STEREOFARM_COORDINATOR_RECONCILE_SORT_FLOATS_H_

#include <vector>

namespace stereofarm {

// Ascending, -0 before 0; no value is NaN. By digits, several times as fast as comparing for the
// thousands of samples of a frame.
void SortFloats(std::vector<float>* values);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_RECONCILE_SORT_FLOATS_H_
