#ifndef STEREOFARM_MODELS_FLOW_RAFT_FLOW_H_
#define STEREOFARM_MODELS_FLOW_RAFT_FLOW_H_

#include <filesystem>
#include <memory>
#include <string>

#include "common/base/status.h"
#include "models/flow/flow_estimator.h"

namespace stereofarm {

// RAFT (raft.h) as an estimator of flow, with the weights of a file, in float32 on `device` ("cpu"
// or "cuda:N"). Each frame is encoded once, whatever the number of its pairs; a pair takes twelve
// updates each way, as published. InvalidArgument names the file and what doesn't fit, NotFound a
// file that isn't there, Unavailable a device.
absl::StatusOr<std::unique_ptr<FlowEstimator>> LoadRaftFlow(const std::filesystem::path& file,
                                                            const std::string& device);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_FLOW_RAFT_FLOW_H_
