#ifndef STEREOFARM_COORDINATOR_PLANNING_DEPTH_MODEL_H_
#define STEREOFARM_COORDINATOR_PLANNING_DEPTH_MODEL_H_

#include <filesystem>
#include <string>

#include "common/base/status.h"

namespace stereofarm {

// `--depth` with the file of weights that a network of the registry has in the folder `models`,
// where it names none itself; anything else as it is. NotFound says how to get the weights.
absl::StatusOr<std::string> DepthWithWeights(const std::string& depth,
                                             const std::filesystem::path& models);

// That the file of a network is there; and, for a network of the registry, that it holds its
// tensors. OK for depth that reads no such file. InvalidArgument says what is wrong.
absl::Status CheckDepthModel(const std::string& depth);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_PLANNING_DEPTH_MODEL_H_
