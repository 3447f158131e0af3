#include "models/inpaint/background_inpainter.h"

#include <opencv2/core.hpp>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/image/half.h"
#include "models/inpaint/background_fill.h"
#include "models/inpaint/target.h"

namespace stereofarm {

BackgroundInpainter::BackgroundInpainter() {
  // Dense flow depends on it.
  cv::setNumThreads(1);
}

absl::Status BackgroundInpainter::Begin() {
  window_ = ShotWindow();
  waiting_.clear();
  return absl::OkStatus();
}

absl::Status BackgroundInpainter::Push(InpaintFrame frame, std::vector<FilledFrame>* done) {
  SF_RETURN_IF_ERROR(CheckTarget(frame.warped));
  if (frame.rgb.channels() != 3 || frame.displacement.channels() != 1 ||
      !frame.rgb.SameSize(frame.warped.rgba) || !frame.displacement.SameSize(frame.rgb)) {
    return absl::InvalidArgumentError(
        "inpainting needs the source's picture and displacement, as large as the warped frame");
  }
  if (!waiting_.empty()) {
    const InpaintFrame& last = waiting_.back();
    if (frame.frame != last.frame + 1 || !frame.displacement.SameSize(last.displacement)) {
      return absl::InvalidArgumentError(
          absl::StrFormat("frame %d doesn't follow frame %d of the same size; inpainting takes "
                          "consecutive frames",
                          frame.frame, last.frame));
    }
  }
  window_.Add(KeptFrame(frame.frame, frame.rgb, frame.displacement));
  frame.rgb = Image();
  waiting_.push_back(std::move(frame));
  if (static_cast<int>(waiting_.size()) > window()) FillFirst(done);
  return absl::OkStatus();
}

absl::Status BackgroundInpainter::Finish(std::vector<FilledFrame>* done) {
  while (!waiting_.empty()) FillFirst(done);
  return Begin();
}

void BackgroundInpainter::FillFirst(std::vector<FilledFrame>* done) {
  InpaintFrame frame = std::move(waiting_.front());
  waiting_.pop_front();
  if (frame.wanted) {
    WarpedFrame filled = frame.warped.Clone();
    elsewhere_.Fill(frame.displacement, window_.Neighbours(frame.frame), &filled);
    Image rgb = CopyColour(filled.rgba);
    FillFromBackground(filled, &rgb);
    QuantizeToHalf(rgb);
    done->push_back({frame.frame, std::move(rgb), std::move(frame.warped)});
  }
  window_.Forget(frame.frame + 1 - window());
}

}  // namespace stereofarm
