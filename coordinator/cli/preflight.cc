#include "coordinator/cli/preflight.h"

#include <unistd.h>

#include <filesystem>
#include <string>
#include <system_error>

#include "absl/strings/str_format.h"
#include "common/media/film_writer.h"
#include "common/media/media_info.h"
#include "common/media/segment.h"
#include "coordinator/planning/depth_model.h"
#include "models/registry/model_folder.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

absl::Status CheckDepthFiles(const std::string& depth) {
  std::error_code error;
  if (depth.starts_with("exr:")) {
    const fs::path folder = depth.substr(4);
    if (!fs::is_directory(folder, error)) {
      return absl::NotFoundError(
          absl::StrFormat("--depth: there is no folder %s; name the one that holds the depth files",
                          folder.string()));
    }
    fs::directory_iterator entries(folder, error);
    if (error) {
      return absl::PermissionDeniedError(
          absl::StrFormat("--depth: cannot read folder %s: %s", folder.string(), error.message()));
    }
    for (const auto& entry : entries) {
      if (entry.path().extension() == ".exr") return absl::OkStatus();
    }
    return absl::InvalidArgumentError(
        absl::StrFormat("--depth: %s holds no .exr files; name the folder with one for each frame",
                        folder.string()));
  }
  // As the farm on this machine will look.
  SF_ASSIGN_OR_RETURN(const std::string model,
                      DepthWithWeights(depth, FindModelFolder("").value_or(fs::path())));
  return CheckDepthModel(model);
}

absl::Status CheckOutput(const fs::path& output, const fs::path& input) {
  std::error_code error;
  if (fs::is_directory(output, error)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s is a folder; name the film to write", output.string()));
  }
  if (fs::equivalent(output, input, error)) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%s is the film to read, too; name another file to write", output.string()));
  }
  const fs::path folder = output.parent_path();
  if (!fs::is_directory(folder, error)) {
    return absl::NotFoundError(
        absl::StrFormat("there is no folder %s to write %s in; make it first or name another",
                        folder.string(), output.filename().string()));
  }
  if (access(folder.c_str(), W_OK | X_OK) != 0) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "folder %s can't be written; change its rights or name another", folder.string()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckEncoding(const JobSettings& settings) {
  EncoderSettings encoder;
  encoder.codec = settings.codec;
  encoder.crf = settings.crf;
  encoder.pixel_format = settings.pixel_format;
  encoder.options = settings.encoder_options;
  encoder.threads = settings.encoder_threads;
  SF_RETURN_IF_ERROR(CheckEncoder(encoder));
  for (const OutputSpec& output : settings.outputs) {
    SF_RETURN_IF_ERROR(CheckContainer(output.file, settings.codec));
  }
  return absl::OkStatus();
}

absl::Status CheckInputAndOutputs(const JobSettings& settings) {
  SF_RETURN_IF_ERROR(Probe(settings.input).status());
  SF_RETURN_IF_ERROR(CheckDepthFiles(settings.depth));
  for (const OutputSpec& output : settings.outputs) {
    SF_RETURN_IF_ERROR(CheckOutput(output.file, settings.input));
  }
  return absl::OkStatus();
}

}  // namespace stereofarm
