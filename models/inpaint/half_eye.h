#ifndef STEREOFARM_MODELS_INPAINT_HALF_EYE_H_
#define STEREOFARM_MODELS_INPAINT_HALF_EYE_H_

#include <cstdint>

#include "common/image/half_buffer.h"
#include "models/api/inpainter.h"

namespace stereofarm {

// A warped eye while it waits, in two fifths of the memory: red, green, blue and displacement as
// halves. A displacement that isn't a number says that a pixel is a hole.
class HalfEye {
 public:
  HalfEye() = default;
  // Values that aren't halves are rounded to the nearest.
  explicit HalfEye(const WarpedFrame& eye);
  // The eye as it was, with displacement 0 in holes.
  WarpedFrame ToFrame() const;

 private:
  int64_t frame_ = 0;
  int width_ = 0, height_ = 0;
  bool nearer_is_larger_ = true;
  HalfBuffer halves_;  // row by row: red, green, blue, displacement
};

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_INPAINT_HALF_EYE_H_
