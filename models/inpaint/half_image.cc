#include "models/inpaint/half_image.h"

#include "common/image/half.h"

namespace stereofarm {

HalfImage::HalfImage(const Image& image)
    : width_(image.width()),
      height_(image.height()),
      channels_(image.channels()),
      halves_(static_cast<size_t>(width_) * static_cast<size_t>(height_) *
              static_cast<size_t>(channels_)) {
  uint16_t* out = halves_.get();
  for (int c = 0; c < channels_; ++c) {
    for (int y = 0; y < height_; ++y, out += width_) FloatToHalf(image.Row(c, y), out, width_);
  }
}

Image HalfImage::ToImage() const {
  Image image(width_, height_, channels_);
  const uint16_t* in = halves_.get();
  for (int c = 0; c < channels_; ++c) {
    for (int y = 0; y < height_; ++y, in += width_) HalfToFloat(in, image.Row(c, y), width_);
  }
  return image;
}

}  // namespace stereofarm
