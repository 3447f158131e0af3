#ifndef STEREOFARM_MODELS_INPAINT_BACKGROUND_INPAINTER_H_
#define STEREOFARM_MODELS_INPAINT_BACKGROUND_INPAINTER_H_

#include <cstdint>
#include <deque>
#include <future>
#include <map>
#include <optional>
#include <vector>

#include "models/api/inpainter.h"
#include "models/inpaint/half_eye.h"
#include "models/inpaint/hole_colours.h"
#include "models/inpaint/seen_elsewhere.h"
#include "models/inpaint/shot_window.h"

namespace stereofarm {

// Steps that can be left out, to see what each is worth.
struct BackgroundSettings {
  bool elsewhere = true;  // what other frames show
  bool weighed = true;    // mixing that with what would be made up, by what each is worth
  bool exposure = true;   // bringing those to this frame's exposure
  bool steady = true;     // the mean over time of what none shows
  // The mean over time of known pixels too: less grain, in this eye alone.
  bool mean = false;
};

// Frees the background beside holes of the foreground's colour (background_rim.h), and fills holes
// with what really stood there, as far as the frames around show it (seen_elsewhere.h),
// brought over by the motion of the camera (shot_window.h). What none shows is made up of the
// background beside it (background_fill.h), as the mean of what that gives in this frame and, at
// the same surface point, in the frames around, each by itself: so it holds still. Keeps 18 frames
// as halves, and those that wait to be filled. Fills on a thread of its own, from the end of a Push
// to the next one's, while the caller makes the next frame and Push looks at it.
class BackgroundInpainter : public Inpainter {
 public:
  explicit BackgroundInpainter(const BackgroundSettings& settings = {});
  int window() const override { return ShotWindow::kReach; }
  absl::Status Begin() override;
  absl::Status Push(InpaintFrame frame, std::vector<FilledFrame>* done) override;
  absl::Status Finish(std::vector<FilledFrame>* done) override;
  std::string Id() const override { return settings_.mean ? "background+mean/4" : "background/4"; }

 private:
  // A frame that is to be filled when those behind it have come.
  struct Waiting {
    int64_t frame = 0;
    bool wanted = true;
    bool hand_back = false;
    HalfEye eye;  // where it's wanted
  };
  struct Arrived {
    Waiting waiting;
    std::optional<HoleColours> made_up;
    ShotWindow::Arrival seen;
  };
  // All that a new frame says by itself and beside those before it. Like Push before it has taken
  // what was filled, it changes nothing that FillFirst looks at.
  Arrived Look(InpaintFrame frame);
  // The first of those that wait; none where it isn't wanted.
  std::optional<FilledFrame> FillFirst();
  // Appends what is being filled, if anything is, and forgets its frame.
  void TakeFilled(std::vector<FilledFrame>* done);
  void ForgetFirst();
  // Averages what the holes of `filled` were filled with.
  void Steady(const std::vector<SeenFrom>& neighbours, WarpedFrame* filled) const;

  BackgroundSettings settings_;
  ShotWindow window_;
  SeenElsewhere elsewhere_;
  std::deque<Waiting> waiting_;
  std::map<int64_t, HoleColours> made_up_;  // of each frame of the window, from itself alone
  // The first of those that wait. Last: it uses all of the above.
  std::future<std::optional<FilledFrame>> filling_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_INPAINT_BACKGROUND_INPAINTER_H_
