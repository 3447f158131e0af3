#ifndef STEREOFARM_WORKER_STAGES_DEPTH_H_
#define STEREOFARM_WORKER_STAGES_DEPTH_H_

#include <cstdint>
#include <string>

#include "common/base/status.h"
#include "models/api/depth_estimator.h"
#include "worker/stages/raw_depth.h"
#include "worker/stages/task_run.h"

namespace stereofarm {

inline constexpr char kSamplesFile[] = "samples.bin";
// The channel of depth.NNNNNN.exr.
inline constexpr char kDepthChannel[] = "D";

// "depth.000123.exr"
std::string DepthFileName(int64_t frame);

// What a perturbed job does to the depth of the shard that begins at `begin`.
struct Perturbation {
  double scale = 1;  // 0.5..2, as likely above as below 1
  double shift = 0;  // -0.25..0.25
};
Perturbation PerturbationOf(uint64_t seed, int64_t begin);

// Writes raw inverse depth of every frame of the shard's full range as EXR, and kSamplesFile for
// reconcile; of a skeleton kSamplesFile alone. `estimator`: null where the depth setting is
// `exr:DIR`.
absl::Status RunDepth(DepthEstimator* estimator, TaskRun* run);

}  // namespace stereofarm

#endif  // STEREOFARM_WORKER_STAGES_DEPTH_H_
