#ifndef STEREOFARM_MODELS_API_INPAINTER_H_
#define STEREOFARM_MODELS_API_INPAINTER_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/base/status.h"
#include "common/image/image.h"

namespace stereofarm {

// A warped eye: what the warp stage hands on and an EXR file can hold (every value is a half).
struct WarpedFrame {
  int64_t frame = 0;
  // R, G, B, A; A is 1 where the source eye shows the surface, 0 where it was hidden (disoccluded).
  Image rgba;
  // One channel: the displacement of the surface seen at each known pixel, in pixels, source x -
  // warped x. Larger is nearer for the right eye; `nearer_is_larger` says which. Undefined where A
  // is 0.
  Image displacement;
  bool nearer_is_larger = true;

  WarpedFrame Clone() const {
    return {frame, rgba.Clone(), displacement.Clone(), nearer_is_larger};
  }
};

// A frame of the shot as an inpainter takes it.
struct InpaintFrame {
  int64_t frame = 0;
  // The eye that the film has, and the displacement of each of its pixels: source x - warped x, in
  // pixels. All as large as `warped`.
  Image rgb;
  Image displacement;
  // The eye to be filled.
  WarpedFrame warped;
  // False: it's there for its neighbours' sake alone, and isn't handed out.
  bool wanted = true;
  // Whether `warped` is handed back.
  bool hand_back = false;
};

struct FilledFrame {
  int64_t frame = 0;
  // R, G, B. Known pixels are passed on as they are, save for a feather at the holes' rims. Whoever
  // hands it on rounds it to halves.
  Image rgb;
  WarpedFrame warped;  // as it came, where that was asked for
};

// Fills the holes of a stream of consecutive warped frames of one shot. Not thread-safe;
// deterministic: the result of a frame depends on the frames in its window only, never on where the
// stream began.
class Inpainter {
 public:
  virtual ~Inpainter() = default;
  // How many frames before and after a frame add to its fill. Frames nearer to the shot's ends see
  // fewer.
  virtual int window() const = 0;
  // Forgets everything; the next frame pushed begins a new stream.
  virtual absl::Status Begin() = 0;
  // Takes the next frame, frame numbers rising by one; appends the wanted ones that are finished to
  // `done`, in order. InvalidArgument for pictures of the wrong size or number of channels.
  virtual absl::Status Push(InpaintFrame frame, std::vector<FilledFrame>* done) = 0;
  // The stream's end: appends the rest.
  virtual absl::Status Finish(std::vector<FilledFrame>* done) = 0;
  // Name and version: "background/1".
  virtual std::string Id() const = 0;
};

// Looks at each frame by itself.
class StillInpainter : public Inpainter {
 public:
  // The filled picture.
  virtual absl::StatusOr<Image> Fill(const WarpedFrame& warped) = 0;

  int window() const override { return 0; }
  absl::Status Begin() override { return absl::OkStatus(); }
  absl::Status Push(InpaintFrame frame, std::vector<FilledFrame>* done) override {
    if (!frame.wanted) return absl::OkStatus();
    SF_ASSIGN_OR_RETURN(Image filled, Fill(frame.warped));
    if (!frame.hand_back) frame.warped = WarpedFrame();
    done->push_back({frame.frame, std::move(filled), std::move(frame.warped)});
    return absl::OkStatus();
  }
  absl::Status Finish(std::vector<FilledFrame>*) override { return absl::OkStatus(); }
};

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_API_INPAINTER_H_
