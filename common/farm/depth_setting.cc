#include "common/farm/depth_setting.h"

#include <string_view>

#include "absl/strings/str_format.h"

namespace stereofarm {
namespace {

constexpr std::string_view kWithFlow = "parallax+";

// The networks of the registry that give depth: one of these families, and a size.
bool IsOfRegistry(const std::string& model) {
  return model.starts_with("depth-anything-v2") || model.starts_with("video-depth-anything");
}

}  // namespace

std::string DepthSetting::Network() const {
  return model.starts_with(kWithFlow) ? model.substr(kWithFlow.size())
                                      : model.substr(0, model.find('+'));
}

bool DepthSetting::WantsWeights() const {
  return path.empty() && (IsOfRegistry(model) || model.starts_with(kWithFlow));
}

bool DepthSetting::SharesGauge() const {
  return model.starts_with("video-depth-anything") || ReadsPictures();
}

DepthSetting ParseDepthSetting(const std::string& text) {
  const size_t colon = text.find(':');
  if (colon == std::string::npos) return {text, ""};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

absl::Status CheckDepthSetting(const DepthSetting& setting) {
  const std::string& model = setting.model;
  if (model == "parallax" && setting.path.empty()) return absl::OkStatus();
  if ((model == "exr" || model == "torchscript") && !setting.path.empty()) return absl::OkStatus();
  if (model.starts_with(kWithFlow)) {
    if (setting.Network() == "raft-small" || setting.Network() == "raft-large") {
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError(absl::StrFormat(
        "--depth: '%s' asks for a flow that isn't known; use parallax+raft-small or "
        "parallax+raft-large, or parallax alone",
        model));
  }
  if (IsOfRegistry(model)) {
    if (setting.InBfloat16() || model == setting.Network()) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrFormat(
        "--depth: '%s' asks for a type that isn't known; the only one is +bfloat16", model));
  }
  return absl::InvalidArgumentError(
      absl::StrFormat("--depth: '%s' is not known; use parallax, exr:DIR, torchscript:FILE or a "
                      "network that 'stereofarm models list' shows",
                      setting.Text()));
}

}  // namespace stereofarm
