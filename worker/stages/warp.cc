#include "worker/stages/warp.h"

#include <optional>
#include <utility>
#include <vector>

#include "models/stereo/parallax.h"
#include "models/stereo/resample.h"

namespace stereofarm {
namespace {

Image DisplacementOf(const FilmFrame& frame, const JobSettings& settings, SynthesizedEye eye) {
  const SynthesizedEye synthesized = SynthesizedBy(settings.synthesize);
  if (settings.rig) {
    const StereoRig rig{settings.rig->fx_px, settings.rig->baseline_m, settings.rig->convergence_m};
    return DisplacementFromInverseMetres(frame.inverse_metres, rig, synthesized, eye);
  }
  const StereoSettings stereo{settings.budget_percent, settings.convergence};
  return DisplacementFromDepth(frame.depth, stereo, synthesized, eye);
}

// Nothing: the splat's colours stay.
std::optional<ResampleKernel> KernelOf(ResampleSetting setting) {
  switch (setting) {
    case ResampleSetting::kSoft:
      return ResampleKernel::kSoft;
    case ResampleSetting::kBicubic:
      return ResampleKernel::kBicubic;
    case ResampleSetting::kSplat:
      break;
  }
  return std::nullopt;
}

}  // namespace

WarpStage::WarpStage(std::unique_ptr<Stream<FilmFrame>> frames, FrameWants wants,
                     Splatter* splatter, TaskRun* run)
    : frames_(std::move(frames)), wants_(wants), splatter_(splatter), run_(run) {}

absl::StatusOr<std::optional<FilmFrame>> WarpStage::Next() {
  SF_RETURN_IF_ERROR(run_->CheckCancelled());
  SF_ASSIGN_OR_RETURN(std::optional<FilmFrame> frame, frames_->Next());
  if (!frame) return frame;
  StageTimer timer(run_, "warp");
  const JobSettings& settings = run_->spec().settings;
  const std::vector<SynthesizedEye> eyes = EyesToMake(settings.synthesize);
  for (const SynthesizedEye eye : eyes) {
    Image displacement = DisplacementOf(*frame, settings, eye);
    if (eye == eyes.back()) {
      if (!wants_.metres) frame->inverse_metres = Image();
      if (!wants_.depth) frame->depth = Image();
    }
    WarpedFrame& warped = frame->eye(eye).warped;
    if (warped.rgba.empty()) {
      warped.frame = frame->frame;
      SF_RETURN_IF_ERROR(splatter_->Splat(frame->rgb, displacement, NearerIsLarger(eye), &warped));
      if (const auto kernel = KernelOf(settings.resample)) {
        Resample(frame->rgb, displacement, *kernel, &warped);
      }
    }
    if (wants_.displacement) frame->eye(eye).displacement = std::move(displacement);
  }
  if (!wants_.rgb) frame->rgb = Image();
  return frame;
}

}  // namespace stereofarm
