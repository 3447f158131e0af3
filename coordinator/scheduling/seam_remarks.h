#ifndef STEREOFARM_COORDINATOR_SCHEDULING_SEAM_REMARKS_H_
#define STEREOFARM_COORDINATOR_SCHEDULING_SEAM_REMARKS_H_

#include <string>
#include <vector>

#include "coordinator/store/records.h"

namespace stereofarm {

// Adds a sentence for each seam that is over the gate (percent of picture width; 0: none) for good,
// the worst first, but for few of them and one for the rest.
void AddSeamRemarks(const std::vector<SeamRecord>& seams, double gate_percent,
                    std::vector<std::string>* remarks);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_SCHEDULING_SEAM_REMARKS_H_
