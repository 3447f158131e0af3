#include "models/depth/create.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "models/depth/depth_anything_estimator.h"
#include "models/depth/parallax_estimator.h"
#include "models/depth/torchscript_estimator.h"
#include "models/flow/raft_flow.h"

namespace stereofarm {

absl::StatusOr<std::unique_ptr<DepthEstimator>> CreateDepthEstimator(const std::string& name,
                                                                     const std::string& device) {
  if (name == "parallax") return std::make_unique<ParallaxEstimator>();
  const size_t colon = name.find(':');
  if (colon != std::string::npos && colon + 1 < name.size()) {
    const size_t plus = std::min(name.find('+'), colon);
    const std::string model = name.substr(0, plus), file = name.substr(colon + 1);
    const std::string type = name.substr(plus, colon - plus);
    if (model == "parallax" && type.starts_with("+raft-")) {
      SF_ASSIGN_OR_RETURN(std::unique_ptr<FlowEstimator> flow, LoadRaftFlow(file, device));
      return std::make_unique<ParallaxEstimator>(ParallaxOptions{}, std::move(flow));
    }
    if (!type.empty() && (type != "+bfloat16" || model == "torchscript")) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "\"%s\": the networks that are known by name can be asked for with +bfloat16, with no "
          "other type",
          name));
    }
    const bool in_bfloat16 = !type.empty();
    const auto is = [&](const std::string& family) {
      return model == family || model.starts_with(family + "-");
    };
    if (model == "torchscript") return LoadTorchscriptEstimator(file, device);
    if (is("depth-anything-v2")) return LoadDepthAnythingEstimator(file, device, in_bfloat16);
    if (is("video-depth-anything"))
      return LoadVideoDepthAnythingEstimator(file, device, in_bfloat16);
  }
  return absl::InvalidArgumentError(
      absl::StrFormat("no depth estimator is called \"%s\"; known: parallax, "
                      "parallax+raft-small:FILE, torchscript:FILE, depth-anything-v2:FILE, "
                      "video-depth-anything:FILE",
                      name));
}

}  // namespace stereofarm
