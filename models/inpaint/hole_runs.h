#ifndef STEREOFARM_MODELS_INPAINT_HOLE_RUNS_H_
#define STEREOFARM_MODELS_INPAINT_HOLE_RUNS_H_

#include <vector>

namespace stereofarm {

// Pixels begin .. end - 1 of a row that aren't known; begin - 1 and end are, where they lie in the
// row.
struct HoleRun {
  int begin = 0;
  int end = 0;
};

// The holes of one row, from left to right. `alpha`: `width` values, 0 in holes.
void FindHoleRuns(const float* alpha, int width, std::vector<HoleRun>* runs);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_INPAINT_HOLE_RUNS_H_
