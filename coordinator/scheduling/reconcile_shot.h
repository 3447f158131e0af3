#ifndef STEREOFARM_COORDINATOR_SCHEDULING_RECONCILE_SHOT_H_
#define STEREOFARM_COORDINATOR_SCHEDULING_RECONCILE_SHOT_H_

#include <string>
#include <vector>

#include "common/base/status.h"
#include "coordinator/reconcile/shot_solution.h"
#include "coordinator/scheduling/attempt_files.h"

namespace stereofarm {

// Where the committed depth of one shard lies.
struct ShardDepth {
  Shard shard;
  std::string task;
  std::string directory;
};

// Reads the depth samples of a shot's shards, in film order and two at a time, and of its
// skeletons (coarse ones first, if it has any), and solves for all alignments. On DataLoss
// `damaged` names the task whose samples can't be used.
absl::StatusOr<ShotSolution> ReconcileShot(const std::vector<ShardDepth>& shards,
                                           const std::vector<ShardDepth>& skeletons,
                                           double budget_percent, AttemptFiles* files,
                                           std::string* damaged);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_SCHEDULING_RECONCILE_SHOT_H_
