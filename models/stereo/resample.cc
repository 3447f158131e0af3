#include "models/stereo/resample.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "common/base/log.h"
#include "common/image/half.h"
#include "models/stereo/splat.h"

namespace stereofarm {
namespace {

constexpr int kPad = 2;  // pixels that the kernel reads beyond either end of a row
constexpr int kLookups = 3;
// Of exp(-1 / (2 * 0.45^2)), the neighbour's weight in the Gaussian, made to sum to one.
constexpr float kSide = 0.07244f;

// A row with its end pixels repeated outwards; Pixels()[-kPad .. width + kPad - 1].
class Row {
 public:
  explicit Row(int width) : width_(width), values_(static_cast<size_t>(width + 2 * kPad)) {}
  float* Pixels() { return values_.data() + kPad; }
  const float* Pixels() const { return values_.data() + kPad; }
  void Extend() {
    float* pixels = Pixels();
    std::fill_n(pixels - kPad, kPad, pixels[0]);
    std::fill_n(pixels + width_, kPad, pixels[width_ - 1]);
  }

 private:
  int width_;
  std::vector<float> values_;
};

// Where in the source's row each pixel's surface lies: `left`, the pixel at or before it, and
// `beyond`, how far after that.
struct Places {
  explicit Places(int width)
      : left(static_cast<size_t>(width)), beyond(static_cast<size_t>(width)) {}
  std::vector<int> left;
  std::vector<float> beyond;
};

void FindPlaces(const float* displacement, const float* seen, int width, Places* places) {
  int* left = places->left.data();
  float* beyond = places->beyond.data();
  const float last = static_cast<float>(width - 1);
  for (int x = 0; x < width; ++x) {
    const float at = static_cast<float>(x);
    float place = std::min(std::max(at + seen[x], 0.0f), last);
    for (int i = 0; i < kLookups; ++i) {
      const int x0 = static_cast<int>(place);
      const int x1 = std::min(x0 + 1, width - 1);
      const float there = displacement[x0] +
                          (place - static_cast<float>(x0)) * (displacement[x1] - displacement[x0]);
      const float next = std::min(std::max(at + there, 0.0f), last);
      place = std::abs(there - seen[x]) < kSurfaceTolerance ? next : place;
    }
    const int x0 = static_cast<int>(place);
    left[x] = x0;
    beyond[x] = place - static_cast<float>(x0);
  }
}

// `out` keeps what it has where alpha is 0.
void ReadRow(const float* in, const float* alpha, const Places& places, int width, float* out) {
  const int* left = places.left.data();
  const float* beyond = places.beyond.data();
  for (int x = 0; x < width; ++x) {
    const float t = beyond[x];
    const int i = left[x];
    const float value = ((-0.5f * t + 1.0f) * t - 0.5f) * t * in[i - 1] +
                        ((1.5f * t - 2.5f) * t * t + 1.0f) * in[i] +
                        ((-1.5f * t + 2.0f) * t + 0.5f) * t * in[i + 1] +
                        (0.5f * t - 0.5f) * t * t * in[i + 2];
    out[x] = alpha[x] > 0 ? value : out[x];
  }
}

// Row y of a plane through the Gaussian, both ways.
void SoftenRow(const Image& image, int channel, int y, Row* column, Row* out) {
  const int width = image.width();
  const float* above = image.Row(channel, std::max(y - 1, 0));
  const float* here = image.Row(channel, y);
  const float* below = image.Row(channel, std::min(y + 1, image.height() - 1));
  float* mixed = column->Pixels();
  for (int x = 0; x < width; ++x) {
    mixed[x] = (1 - 2 * kSide) * here[x] + kSide * (above[x] + below[x]);
  }
  column->Extend();
  float* soft = out->Pixels();
  for (int x = 0; x < width; ++x) {
    soft[x] = (1 - 2 * kSide) * mixed[x] + kSide * (mixed[x - 1] + mixed[x + 1]);
  }
}

}  // namespace

void Resample(const Image& rgb, const Image& displacement, ResampleKernel kernel,
              WarpedFrame* warped) {
  SF_CHECK(rgb.channels() == 3 && displacement.channels() == 1 && rgb.SameSize(displacement) &&
           rgb.SameSize(warped->rgba) && rgb.SameSize(warped->displacement));
  const int width = rgb.width();
  Places places(width);
  Row source(width), column(width);
  for (int y = 0; y < rgb.height(); ++y) {
    FindPlaces(displacement.Row(0, y), warped->displacement.Row(0, y), width, &places);
    for (int c = 0; c < 3; ++c) {
      if (kernel == ResampleKernel::kSoft) {
        SoftenRow(rgb, c, y, &column, &source);
      } else {
        std::copy_n(rgb.Row(c, y), width, source.Pixels());
      }
      source.Extend();
      ReadRow(source.Pixels(), warped->rgba.Row(3, y), places, width, warped->rgba.Row(c, y));
    }
  }
  QuantizeToHalf(warped->rgba);
}

}  // namespace stereofarm
