#include "coordinator/planning/depth_model.h"

#include <system_error>

#include "absl/strings/str_format.h"
#include "common/farm/depth_setting.h"
#include "models/registry/known_models.h"
#include "models/registry/model_folder.h"

namespace stereofarm {

absl::StatusOr<std::string> DepthWithWeights(const std::string& depth,
                                             const std::filesystem::path& models) {
  DepthSetting setting = ParseDepthSetting(depth);
  if (!setting.WantsWeights()) return depth;
  SF_RETURN_IF_ERROR(FindKnownModel(setting.Network()).status());
  const absl::StatusOr<InstalledModel> weights = ModelFolder(models).Find(setting.Network());
  if (!weights.ok()) return Annotate(weights.status(), "--depth " + depth);
  setting.path = weights->file.string();
  return setting.Text();
}

absl::Status CheckDepthModel(const std::string& depth) {
  const DepthSetting setting = ParseDepthSetting(depth);
  if (!setting.ReadsModelFile()) return absl::OkStatus();
  std::error_code error;
  if (!std::filesystem::is_regular_file(setting.path, error)) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "--depth: there is no file %s; name one that holds the model", setting.path));
  }
  const absl::StatusOr<KnownModel> known = FindKnownModel(setting.Network());
  return known.ok() ? Annotate(CheckTensors(*known, setting.path), "--depth") : absl::OkStatus();
}

}  // namespace stereofarm
