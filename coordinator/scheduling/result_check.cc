#include "coordinator/scheduling/result_check.h"

#include <set>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"
#include "common/farm/stage_key.h"
#include "coordinator/scheduling/task_spec.h"

namespace stereofarm {
namespace {

void AddPictures(const char* name, const FrameRange& frames, std::vector<std::string>* files) {
  for (int64_t frame = frames.begin; frame < frames.end; ++frame) {
    files->push_back(absl::StrFormat("%s.%06d.exr", name, frame));
  }
}

std::vector<std::string> FilesOf(const ResultCheck& check, FilmAccess* films) {
  std::vector<std::string> files;
  switch (check.task.kind) {
    case TaskKind::kScan:
      files.push_back("features.bin");
      break;
    case TaskKind::kDepth:
      if (!IsSkeleton(check.settings, check.task.kind, check.task.core)) {
        AddPictures("depth", check.full, &files);
      }
      files.push_back("samples.bin");
      break;
    case TaskKind::kWarp:
      AddPictures("warp", check.task.core, &files);
      break;
    case TaskKind::kInpaint:
      AddPictures("inpaint", check.task.core, &files);
      break;
    case TaskKind::kEncode:
    case TaskKind::kRender: {
      const std::string extension = films->SegmentExtension(check.settings.codec);
      for (size_t i = 0; i < check.settings.outputs.size(); ++i) {
        files.push_back(SegmentName(i, extension));
      }
      const std::vector<ExportSpec>& exports = check.settings.exports;
      for (size_t i = 0; i < exports.size(); ++i) {
        for (int64_t frame = check.task.core.begin; frame < check.task.core.end; ++frame) {
          files.push_back(ExportPartName(i, exports[i].format, frame));
        }
      }
      break;
    }
  }
  return files;
}

}  // namespace

absl::Status CheckManifest(const ResultCheck& check, const std::string& numeric_class,
                           const Manifest& manifest, FilmAccess* films) {
  const TaskRecord& task = check.task;
  if (manifest.job != task.job || manifest.task != task.name || manifest.epoch != task.epoch ||
      manifest.lease_id != task.lease_id) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "the manifest is that of another attempt than %s (epoch %d)", task.name, task.epoch));
  }
  if (manifest.numeric_class != numeric_class) {
    return absl::InvalidArgumentError(
        absl::StrFormat("the manifest of %s names the numeric class '%s', its worker has '%s'",
                        task.name, manifest.numeric_class, numeric_class));
  }
  if (manifest.stage_key != StageKey(task.stage_basis, numeric_class)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("the manifest of %s has another stage key than its task", task.name));
  }
  std::set<std::string_view> named;
  for (const ManifestFile& file : manifest.files) named.insert(file.name);
  for (const std::string& file : FilesOf(check, films)) {
    if (!named.contains(file)) {
      return absl::InvalidArgumentError(
          absl::StrFormat("the manifest of %s lacks the file %s", task.name, file));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckResultFiles(const ResultCheck& check, const std::filesystem::path& store,
                              const std::string& directory, const Manifest& manifest,
                              AttemptFiles* files, FilmAccess* films) {
  SF_RETURN_IF_ERROR(files->Check(directory, manifest));
  if (check.task.kind != SegmentKind(check.settings)) return absl::OkStatus();
  const std::string extension = films->SegmentExtension(check.settings.codec);
  for (size_t i = 0; i < check.settings.outputs.size(); ++i) {
    const std::filesystem::path path = store / directory / SegmentName(i, extension);
    SF_ASSIGN_OR_RETURN(const int64_t frames, films->SegmentFrames(path));
    if (frames != check.task.core.size()) {
      return absl::DataLossError(absl::StrFormat("%s has %d frames where %d belong", path.string(),
                                                 frames, check.task.core.size()));
    }
  }
  return absl::OkStatus();
}

}  // namespace stereofarm
