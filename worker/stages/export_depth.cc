#include "worker/stages/export_depth.h"

#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/exr/exr.h"
#include "common/exr/gray_png.h"
#include "common/farm/depth_ease.h"
#include "common/farm/depth_export.h"
#include "common/image/npz.h"
#include "worker/stages/exr_attributes.h"

namespace stereofarm {
namespace {

// What each picture says of itself. The job's name isn't among it: the same film gives the same
// files.
ExrAttributes Description(const TaskRun& run, const FilmFrame& frame, const char* values) {
  const TaskSpec& spec = run.spec();
  ExrAttributes attributes = AttributesOf(run, frame.frame, frame.depth_model);
  attributes.erase("stereofarm:job");
  attributes["stereofarm:color"] = "none: these are depths";
  attributes[kDepthValues] = values;
  attributes["stereofarm:shot"] = RangeName(spec.shard.shot);
  const EasedRange eased{.shot = spec.shard.shot,
                         .range = {spec.depth_low, spec.depth_high},
                         .begin = spec.ease_begin,
                         .end = spec.ease_end};
  const DepthRange range = eased.At(frame.frame);
  attributes["stereofarm:shot_range"] = absl::StrFormat("%.9g %.9g", range.lo, range.hi);
  for (const DepthSource& source : spec.depth) {
    if (source.shard.core != spec.shard.core) continue;
    const Alignment at = source.ramp.At(source.shard.full, frame.frame);
    attributes["stereofarm:scale_shift"] = absl::StrFormat("%.9g %.9g", at.scale, at.shift);
  }
  if (spec.settings.rig) attributes["stereofarm:rig"] = RigText(*spec.settings.rig);
  return attributes;
}

Image Metres(const Image& inverse) {
  Image metres(inverse.width(), inverse.height(), 1);
  for (int y = 0; y < inverse.height(); ++y) {
    for (int x = 0; x < inverse.width(); ++x) {
      metres.Row(0, y)[x] = MetresOf(inverse.Row(0, y)[x]);
    }
  }
  return metres;
}

absl::Status Write(const TaskRun& run, const FilmFrame& frame, ExportFormat format,
                   const std::filesystem::path& path) {
  switch (format) {
    case ExportFormat::kExr:
    case ExportFormat::kExrHalf:
      return WriteExr(path, frame.depth, {"Z"}, Description(run, frame, kReconciledDepth),
                      format == ExportFormat::kExr ? ExrPixels::kFloat : ExrPixels::kHalf);
    case ExportFormat::kExrMetres:
      return WriteExr(path, Metres(frame.inverse_metres), {"Z"},
                      Description(run, frame, kReconciledMetres), ExrPixels::kFloat);
    case ExportFormat::kPng16:
      return WriteGrayPng(path, frame.depth, Description(run, frame, kReconciledDepth));
    case ExportFormat::kNpz:
      break;
  }
  NpzWriter npz;
  npz.AddPicture("depths", frame.depth);
  npz.AddNumber("frames", frame.frame);
  npz.AddNumber("pts", static_cast<double>(frame.pts) * run.index()->time_base.ToDouble());
  return npz.Write(path);
}

}  // namespace

ExportStage::ExportStage(std::unique_ptr<Stream<FilmFrame>> frames, TaskRun* run)
    : frames_(std::move(frames)), run_(run) {}

absl::StatusOr<std::optional<FilmFrame>> ExportStage::Next() {
  SF_RETURN_IF_ERROR(run_->CheckCancelled());
  SF_ASSIGN_OR_RETURN(std::optional<FilmFrame> frame, frames_->Next());
  if (!frame) return frame;
  StageTimer timer(run_, "export");
  const std::vector<ExportSpec>& exports = run_->spec().settings.exports;
  for (size_t place = 0; place < exports.size(); ++place) {
    const ExportFormat format = exports[place].format;
    SF_RETURN_IF_ERROR(
        Write(*run_, *frame, format, run_->folder() / ExportPartName(place, format, frame->frame)));
  }
  frame->inverse_metres = Image();
  return frame;
}

}  // namespace stereofarm
