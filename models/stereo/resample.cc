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

// Where in the source's row each pixel's surface lies: `left`, the pixel at or before it, and what
// the four pixels from left - 1 on count.
struct Places {
  explicit Places(int width) : left(static_cast<size_t>(width)) {
    for (std::vector<float>& weight : weights) weight.resize(static_cast<size_t>(width));
  }
  std::vector<int> left;
  std::vector<float> weights[4];
};

// These loops run in vectors: nothing that they write aliases what they read, which is lost once
// they're inlined.
#define SF_ROW_LOOP __attribute__((noinline)) void

// One step nearer to where the surface at x lies: x + the displacement at `place`, as long as that
// is of the surface that was seen. Both rows go on beyond their end.
SF_ROW_LOOP Approach(const float* __restrict displacement, const float* __restrict seen, int width,
                     float* __restrict place) {
  const float last = static_cast<float>(width - 1);
  for (int x = 0; x < width; ++x) {
    const float from = place[x];
    const int x0 = static_cast<int>(from);
    const float part = from - static_cast<float>(x0);
    const float there = displacement[x0] + part * (displacement[x0 + 1] - displacement[x0]);
    float to = static_cast<float>(x) + there;
    to = to > 0.0f ? to : 0.0f;
    to = to < last ? to : last;
    const float apart = there - seen[x];
    place[x] = (apart < kSurfaceTolerance) & (apart > -kSurfaceTolerance) ? to : from;
  }
}

SF_ROW_LOOP Weigh(const float* __restrict place, int width, int* __restrict left,
                  float* __restrict w0, float* __restrict w1, float* __restrict w2,
                  float* __restrict w3) {
  for (int x = 0; x < width; ++x) {
    left[x] = static_cast<int>(place[x]);
    const float t = place[x] - static_cast<float>(left[x]);
    w0[x] = ((-0.5f * t + 1.0f) * t - 0.5f) * t;
    w1[x] = (1.5f * t - 2.5f) * t * t + 1.0f;
    w2[x] = ((-1.5f * t + 2.0f) * t + 0.5f) * t;
    w3[x] = (0.5f * t - 0.5f) * t * t;
  }
}

void FindPlaces(const float* displacement, const float* seen, int width, Row* shifts, Row* place,
                Places* places) {
  std::copy_n(displacement, width, shifts->Pixels());
  shifts->Extend();
  float* at = place->Pixels();
  const float last = static_cast<float>(width - 1);
  for (int x = 0; x < width; ++x) {
    at[x] = std::min(std::max(static_cast<float>(x) + seen[x], 0.0f), last);
  }
  for (int i = 0; i < kLookups; ++i) Approach(shifts->Pixels(), seen, width, at);
  Weigh(at, width, places->left.data(), places->weights[0].data(), places->weights[1].data(),
        places->weights[2].data(), places->weights[3].data());
}

// `out` keeps what it has where alpha is 0.
SF_ROW_LOOP ReadRow(const float* __restrict in, const float* __restrict alpha,
                    const int* __restrict left, const float* __restrict w0,
                    const float* __restrict w1, const float* __restrict w2,
                    const float* __restrict w3, int width, float* __restrict out) {
  for (int x = 0; x < width; ++x) {
    const int i = left[x];
    const float value = w0[x] * in[i - 1] + w1[x] * in[i] + w2[x] * in[i + 1] + w3[x] * in[i + 2];
    const float before = out[x];
    out[x] = alpha[x] > 0 ? value : before;
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
  Row source(width), column(width), shifts(width), place(width);
  for (int y = 0; y < rgb.height(); ++y) {
    FindPlaces(displacement.Row(0, y), warped->displacement.Row(0, y), width, &shifts, &place,
               &places);
    for (int c = 0; c < 3; ++c) {
      if (kernel == ResampleKernel::kSoft) {
        SoftenRow(rgb, c, y, &column, &source);
      } else {
        std::copy_n(rgb.Row(c, y), width, source.Pixels());
      }
      source.Extend();
      ReadRow(source.Pixels(), warped->rgba.Row(3, y), places.left.data(), places.weights[0].data(),
              places.weights[1].data(), places.weights[2].data(), places.weights[3].data(), width,
              warped->rgba.Row(c, y));
      QuantizeToHalf(warped->rgba.Row(c, y), width);
    }
  }
}

}  // namespace stereofarm
