#include "models/inpaint/half_eye.h"

#include <limits>
#include <vector>

#include "common/image/half.h"

namespace stereofarm {
namespace {

constexpr int kColours = 3;
constexpr int kPlanes = 4;

}  // namespace

HalfEye::HalfEye(const WarpedFrame& eye)
    : frame_(eye.frame),
      width_(eye.rgba.width()),
      height_(eye.rgba.height()),
      nearer_is_larger_(eye.nearer_is_larger),
      halves_(static_cast<size_t>(width_) * static_cast<size_t>(height_) * kPlanes) {
  std::vector<float> moved(static_cast<size_t>(width_));
  uint16_t* out = halves_.get();
  for (int y = 0; y < height_; ++y) {
    for (int c = 0; c < kColours; ++c, out += width_) FloatToHalf(eye.rgba.Row(c, y), out, width_);
    const float *alpha = eye.rgba.Row(3, y), *displacement = eye.displacement.Row(0, y);
    for (int x = 0; x < width_; ++x) {
      moved[static_cast<size_t>(x)] =
          alpha[x] == 0 ? std::numeric_limits<float>::quiet_NaN() : displacement[x];
    }
    FloatToHalf(moved.data(), out, width_);
    out += width_;
  }
}

WarpedFrame HalfEye::ToFrame() const {
  WarpedFrame eye{frame_, Image(width_, height_, 4), Image(width_, height_, 1), nearer_is_larger_};
  const uint16_t* in = halves_.get();
  for (int y = 0; y < height_; ++y) {
    for (int c = 0; c < kColours; ++c, in += width_) HalfToFloat(in, eye.rgba.Row(c, y), width_);
    float *alpha = eye.rgba.Row(3, y), *displacement = eye.displacement.Row(0, y);
    HalfToFloat(in, displacement, width_);
    in += width_;
    for (int x = 0; x < width_; ++x) {
      const bool known = displacement[x] == displacement[x];
      alpha[x] = known ? 1.0f : 0.0f;
      displacement[x] = known ? displacement[x] : 0.0f;
    }
  }
  return eye;
}

}  // namespace stereofarm
