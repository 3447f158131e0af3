#include "coordinator/assembly/assemble_film.h"

#include <algorithm>
#include <filesystem>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"
#include "common/farm/packing.h"
#include "common/media/film_writer.h"
#include "common/media/frame_index_io.h"

namespace stereofarm {
namespace fs = std::filesystem;
namespace {

StereoPacking SignalOf(Packing packing) {
  switch (packing) {
    case Packing::kSideBySide:
      return StereoPacking::kSideBySide;
    case Packing::kTopBottom:
      return StereoPacking::kTopBottom;
    case Packing::kNone:
      break;
  }
  return StereoPacking::kNone;
}

bool IsFinished(const fs::path& output, const std::string& fingerprint) {
  std::error_code error;
  if (fingerprint.empty() || !fs::exists(output, error)) return false;
  const absl::StatusOr<std::string> found = ReadFilmFingerprint(output);
  return found.ok() && *found == fingerprint;
}

absl::Status CheckPlace(const fs::path& output, bool replace) {
  std::error_code error;
  if (replace || !fs::exists(output, error)) return absl::OkStatus();
  return absl::AlreadyExistsError(
      absl::StrFormat("%s has appeared since the job was submitted; move it away and run the job "
                      "again",
                      output.string()));
}

}  // namespace

// Renaming needs one file system, muxers the extension.
fs::path UnfinishedFilm(const fs::path& output, const std::string& job) {
  return output.parent_path() /
         ("." + output.stem().string() + ".stereofarm-" + job + output.extension().string());
}

absl::StatusOr<std::vector<std::string>> AssembleFilm(const FilmOrder& order,
                                                      const std::function<bool(double)>& progress) {
  SF_ASSIGN_OR_RETURN(const FrameIndex index, ParseFrameIndex(order.index_bytes));
  std::vector<std::string> remarks;
  const auto& outputs = order.settings.outputs;
  for (size_t i = 0; i < outputs.size(); ++i) {
    const fs::path output = outputs[i].file;
    if (IsFinished(output, order.fingerprint) && !order.replace) continue;
    SF_RETURN_IF_ERROR(CheckPlace(output, order.replace));
    const PackedSize packed = PackingOf(outputs[i].layout, index.video.width, index.video.height,
                                        index.video.sample_aspect_ratio);
    FilmPlan plan;
    plan.source = order.settings.input;
    plan.output = UnfinishedFilm(output, order.job);
    plan.segments = order.segments[i];
    plan.range = order.range;
    plan.packing = SignalOf(packed.packing);
    plan.sample_aspect_ratio = packed.sample_aspect_ratio;
    plan.fingerprint = order.fingerprint;
    const auto part = [&](double share) {
      return progress((static_cast<double>(i) + share) / static_cast<double>(outputs.size()));
    };
    const absl::StatusOr<FilmResult> result = WriteFilm(plan, index, part);
    absl::Status status = Annotate(result.status(), output.string());
    if (status.ok()) status = SyncPath(plan.output);
    if (status.ok()) status = CheckPlace(output, order.replace);
    if (status.ok()) status = Rename(plan.output, output);
    if (!status.ok()) {
      RemoveTree(plan.output).IgnoreError();
      return status;
    }
    for (const std::string& remark : result->remarks) {
      if (std::find(remarks.begin(), remarks.end(), remark) == remarks.end()) {
        remarks.push_back(remark);
      }
    }
  }
  return remarks;
}

}  // namespace stereofarm
