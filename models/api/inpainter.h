#ifndef STEREOFARM_MODELS_API_INPAINTER_H_
#define STEREOFARM_MODELS_API_INPAINTER_H_

#include <cstdint>
#include <memory>
#include <string>
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
};

// One frame's fill, with what other frames of its shot can add.
struct InpaintInput {
  const WarpedFrame* target = nullptr;
  // Frames of the shot within Inpainter::window() of the target, in order of time, without the
  // target.
  std::vector<const WarpedFrame*> neighbours;
};

// Fills the holes of warped frames. Not thread-safe; deterministic; a result depends on the input
// alone.
class Inpainter {
 public:
  virtual ~Inpainter() = default;
  // How many frames before and after the target it wants as neighbours.
  virtual int window() const = 0;
  // The filled picture (R, G, B). Known pixels are passed on as they are, save for a feather at the
  // holes' rims.
  virtual absl::StatusOr<Image> Fill(const InpaintInput& input) = 0;
  // Name and version: "background/1".
  virtual std::string Id() const = 0;
};

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_API_INPAINTER_H_
