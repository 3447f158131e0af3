#ifndef STEREOFARM_WORKER_STAGES_SCAN_H_
#define STEREOFARM_WORKER_STAGES_SCAN_H_

#include "common/base/status.h"
#include "worker/stages/task_run.h"

namespace stereofarm {

inline constexpr char kFeaturesFile[] = "features.bin";

// Reduces every frame of the core range to what cuts are found by and writes kFeaturesFile.
absl::Status RunScan(TaskRun* run);

}  // namespace stereofarm

#endif  // STEREOFARM_WORKER_STAGES_SCAN_H_
