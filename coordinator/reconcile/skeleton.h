#ifndef STEREOFARM_COORDINATOR_RECONCILE_SKELETON_H_
#define STEREOFARM_COORDINATOR_RECONCILE_SKELETON_H_

#include <vector>

#include "common/farm/seam_samples.h"

namespace stereofarm {

// Puts a shot's skeletons into the gauge of the first and makes one of them, ascending and every
// frame once. Each but the first is aligned by the frames that it has in common with what's there
// already, by the median of what each of them says: a frame that is wrong doesn't count. One that
// has none in common is left out. `skeletons`: at least one, coarse ones before finer ones.
ShardSamples MergeSkeletons(std::vector<ShardSamples> skeletons);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_RECONCILE_SKELETON_H_
