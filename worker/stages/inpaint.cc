#include "worker/stages/inpaint.h"

#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "common/image/half.h"

namespace stereofarm {

InpaintStage::InpaintStage(std::unique_ptr<Stream<FilmFrame>> frames, const Inpainters* inpainters,
                           FrameRange core, FrameWants wants, TaskRun* run)
    : frames_(std::move(frames)), inpainters_(inpainters), core_(core), wants_(wants), run_(run) {}

absl::StatusOr<std::optional<FilmFrame>> InpaintStage::Next() {
  if (!begun_) {
    begun_ = true;
    for (const auto& [eye, inpainter] : *inpainters_) SF_RETURN_IF_ERROR(inpainter->Begin());
  }
  while (!ended_ && (waiting_.empty() || !IsFilled(waiting_.front()))) {
    SF_RETURN_IF_ERROR(Advance());
  }
  if (waiting_.empty()) return std::optional<FilmFrame>();
  if (!IsFilled(waiting_.front())) {
    return absl::InternalError(
        absl::StrFormat("the inpainter gave no picture for frame %d", waiting_.front().frame));
  }
  std::optional<FilmFrame> frame(std::move(waiting_.front()));
  waiting_.pop_front();
  return frame;
}

absl::Status InpaintStage::Advance() {
  SF_RETURN_IF_ERROR(run_->CheckCancelled());
  SF_ASSIGN_OR_RETURN(std::optional<FilmFrame> frame, frames_->Next());
  StageTimer timer(run_, "inpaint");
  if (!frame) {
    ended_ = true;
    for (const auto& [eye, inpainter] : *inpainters_) {
      std::vector<FilledFrame> done;
      SF_RETURN_IF_ERROR(inpainter->Finish(&done));
      SF_RETURN_IF_ERROR(Take(eye, std::move(done)));
    }
    return absl::OkStatus();
  }
  const bool wanted = core_.Contains(frame->frame);
  std::map<SynthesizedEye, std::vector<FilledFrame>> done;
  size_t left = inpainters_->size();
  for (const auto& [which, inpainter] : *inpainters_) {
    EyeFrame& eye = frame->eye(which);
    const bool keep = (wanted && wants_.rgb) || --left > 0;
    InpaintFrame input{frame->frame,
                       keep ? frame->rgb.Clone() : std::move(frame->rgb),
                       std::move(eye.displacement),
                       std::move(eye.warped),
                       wanted,
                       wants_.warped};
    SF_RETURN_IF_ERROR(inpainter->Push(std::move(input), &done[which]));
  }
  if (wanted) waiting_.push_back(*std::move(frame));
  for (auto& [eye, frames] : done) SF_RETURN_IF_ERROR(Take(eye, std::move(frames)));
  return absl::OkStatus();
}

absl::Status InpaintStage::Take(SynthesizedEye eye, std::vector<FilledFrame> done) {
  for (FilledFrame& filled : done) {
    const int64_t first = waiting_.empty() ? 0 : waiting_.front().frame;
    if (filled.frame < first || filled.frame >= first + static_cast<int64_t>(waiting_.size())) {
      return absl::InternalError(
          absl::StrFormat("the inpainter gave frame %d, which nobody asked for", filled.frame));
    }
    EyeFrame& target = waiting_[static_cast<size_t>(filled.frame - first)].eye(eye);
    QuantizeToHalf(filled.rgb);
    target.filled = std::move(filled.rgb);
    if (wants_.warped) target.warped = std::move(filled.warped);
  }
  return absl::OkStatus();
}

bool InpaintStage::IsFilled(const FilmFrame& frame) const {
  for (const auto& [eye, inpainter] : *inpainters_) {
    if (frame.eye(eye).filled.empty()) return false;
  }
  return true;
}

}  // namespace stereofarm
