#ifndef STEREOFARM_MODELS_INPAINT_HALF_IMAGE_H_
#define STEREOFARM_MODELS_INPAINT_HALF_IMAGE_H_

#include "common/image/half_buffer.h"
#include "common/image/image.h"

namespace stereofarm {

// An image whose values are halves, in half of the memory, while it waits.
class HalfImage {
 public:
  HalfImage() = default;
  // Values that aren't halves are rounded to the nearest.
  explicit HalfImage(const Image& image);
  Image ToImage() const;

 private:
  int width_ = 0, height_ = 0, channels_ = 0;
  HalfBuffer halves_;  // row by row, plane by plane
};

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_INPAINT_HALF_IMAGE_H_
