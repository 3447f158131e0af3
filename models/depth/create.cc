#include "models/depth/create.h"

#include "absl/strings/str_format.h"
#include "models/depth/parallax_estimator.h"
#include "models/depth/torchscript_estimator.h"

namespace stereofarm {

absl::StatusOr<std::unique_ptr<DepthEstimator>> CreateDepthEstimator(const std::string& name,
                                                                     const std::string& device) {
  static const std::string kTorchscript = "torchscript:";
  if (name == "parallax") return std::make_unique<ParallaxEstimator>();
  if (name.starts_with(kTorchscript) && name.size() > kTorchscript.size()) {
    return LoadTorchscriptEstimator(name.substr(kTorchscript.size()), device);
  }
  return absl::InvalidArgumentError(absl::StrFormat(
      "no depth estimator is called \"%s\"; known: parallax, torchscript:FILE", name));
}

}  // namespace stereofarm
