#include "worker/stages/inpaint.h"

#include <utility>

#include "common/image/half.h"

namespace stereofarm {
namespace {

WarpedFrame Copy(const WarpedFrame& warped) {
  return {warped.frame, warped.rgba.Clone(), warped.displacement.Clone(), warped.nearer_is_larger};
}

}  // namespace

InpaintStage::InpaintStage(std::unique_ptr<Stream<FilmFrame>> frames, Inpainter* inpainter,
                           FrameWants wants, TaskRun* run)
    : frames_(std::move(frames)), inpainter_(inpainter), wants_(wants), run_(run) {}

absl::StatusOr<std::optional<FilmFrame>> InpaintStage::Next() {
  SF_RETURN_IF_ERROR(run_->CheckCancelled());
  const size_t window = static_cast<size_t>(inpainter_->window());
  while (!ended_ && after_.size() <= window) {
    SF_ASSIGN_OR_RETURN(std::optional<FilmFrame> frame, frames_->Next());
    if (frame) {
      after_.push_back(*std::move(frame));
    } else {
      ended_ = true;
    }
  }
  if (after_.empty()) return std::optional<FilmFrame>();
  std::optional<FilmFrame> target(std::move(after_.front()));
  after_.pop_front();
  StageTimer timer(run_, "inpaint");
  for (SynthesizedEye eye : EyesToMake(run_->spec().settings.synthesize)) {
    SF_RETURN_IF_ERROR(FillEye(eye, &*target));
  }
  if (window > 0) {
    FilmFrame kept;
    kept.frame = target->frame;
    kept.left.warped = Copy(target->left.warped);
    kept.right.warped = Copy(target->right.warped);
    before_.push_back(std::move(kept));
    if (before_.size() > window) before_.pop_front();
  }
  if (!wants_.warped) {
    target->left.warped = WarpedFrame();
    target->right.warped = WarpedFrame();
  }
  return target;
}

absl::Status InpaintStage::FillEye(SynthesizedEye eye, FilmFrame* target) {
  InpaintInput input;
  input.target = &target->eye(eye).warped;
  for (const FilmFrame& frame : before_) input.neighbours.push_back(&frame.eye(eye).warped);
  for (const FilmFrame& frame : after_) input.neighbours.push_back(&frame.eye(eye).warped);
  SF_ASSIGN_OR_RETURN(Image filled, inpainter_->Fill(input));
  QuantizeToHalf(filled);
  target->eye(eye).filled = std::move(filled);
  return absl::OkStatus();
}

}  // namespace stereofarm
