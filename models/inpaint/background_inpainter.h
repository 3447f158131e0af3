#ifndef STEREOFARM_MODELS_INPAINT_BACKGROUND_INPAINTER_H_
#define STEREOFARM_MODELS_INPAINT_BACKGROUND_INPAINTER_H_

#include <deque>

#include "models/api/inpainter.h"
#include "models/inpaint/seen_elsewhere.h"
#include "models/inpaint/shot_window.h"

namespace stereofarm {

// Fills holes with what really stood there, as far as the frames around show it (seen_elsewhere.h),
// brought over by the motion of the camera (shot_window.h); the rest from the background beside it
// (background_fill.h). Holds 17 frames as halves, and the ones that wait to be filled.
class BackgroundInpainter : public Inpainter {
 public:
  BackgroundInpainter();
  int window() const override { return ShotWindow::kReach; }
  absl::Status Begin() override;
  absl::Status Push(InpaintFrame frame, std::vector<FilledFrame>* done) override;
  absl::Status Finish(std::vector<FilledFrame>* done) override;
  std::string Id() const override { return "background/2"; }

 private:
  void FillFirst(std::vector<FilledFrame>* done);

  ShotWindow window_;
  SeenElsewhere elsewhere_;
  std::deque<InpaintFrame> waiting_;  // without their colours
};

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_INPAINT_BACKGROUND_INPAINTER_H_
