#include "models/inpaint/background_rim.h"

#include <array>
#include <cmath>

namespace stereofarm {
namespace {

using Colour = std::array<float, 3>;

constexpr int kRim = 2;                 // pixels that may be mixtures, from the hole on
constexpr int kBackground[] = {2, 4};   // first and last pixel taken for pure background
constexpr int kForeground[] = {1, 2};   // the same for the foreground, from the hole's other end on
constexpr float kLeastContrast = 0.1f;  // of foreground and background, code values
constexpr float kShare[] = {0.1f, 0.65f};  // of the foreground in a mixture
constexpr float kLeastFit = 0.9f;  // squared cosine between the pixel's and the foreground's offset
constexpr float kDeviations = 3;   // of the background that a mixture must differ by

Colour operator-(const Colour& a, const Colour& b) {
  return {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
}
float Dot(const Colour& a, const Colour& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

Colour At(const Image& image, int x, int y) {
  return {image.Row(0, y)[x], image.Row(1, y)[x], image.Row(2, y)[x]};
}

struct Sample {
  Colour mean = {};
  float variance = 0;
  int count = 0;
};

// Pixels first + i * step for i in [from, to], up to the first that isn't known or isn't on the
// asked side.
Sample SampleRow(const WarpedFrame& frame, int y, const HoleSides& sides, int first, int step,
                 const int (&range)[2], bool background) {
  Sample sample;
  int end = 0;
  for (; end <= range[1]; ++end) {
    const int x = first + end * step;
    if (x < 0 || x >= frame.rgba.width() || frame.rgba.Row(3, y)[x] == 0) break;
    if ((sides.sign * frame.displacement.Row(0, y)[x] <= sides.limit) != background) break;
  }
  sample.count = end - range[0];
  if (sample.count <= 0) return {};
  const float scale = 1.0f / static_cast<float>(sample.count);
  for (int i = range[0]; i < end; ++i) {
    const Colour colour = At(frame.rgba, first + i * step, y);
    for (size_t c = 0; c < 3; ++c) sample.mean[c] += scale * colour[c];
  }
  for (int i = range[0]; i < end; ++i) {
    const Colour offset = At(frame.rgba, first + i * step, y) - sample.mean;
    sample.variance += scale * Dot(offset, offset);
  }
  return sample;
}

}  // namespace

void CleanBackgroundRim(int y, HoleRun run, const HoleSides& sides, WarpedFrame* target) {
  const WarpedFrame& frame = *target;
  const bool has_both = run.begin > 0 && run.end < frame.rgba.width();
  if (!has_both || sides.left == sides.right) return;
  const int step = sides.left ? -1 : 1;  // away from the hole, into the background
  const int rim = sides.left ? run.begin - 1 : run.end;
  const int front = sides.left ? run.end : run.begin - 1;
  const Sample background = SampleRow(frame, y, sides, rim, step, kBackground, true);
  const Sample foreground = SampleRow(frame, y, sides, front, -step, kForeground, false);
  if (background.count == 0 || foreground.count == 0) return;
  const Colour contrast = foreground.mean - background.mean;
  const float squared = Dot(contrast, contrast);
  if (squared < kLeastContrast * kLeastContrast) return;
  for (int i = 0; i < kRim; ++i) {
    const int x = rim + i * step;
    const Colour colour = At(frame.rgba, x, y);
    const Colour offset = colour - background.mean;
    const float share = Dot(offset, contrast) / squared;
    const float explained = share * share * squared;
    if (share < kShare[0] || share > kShare[1] || explained < kLeastFit * Dot(offset, offset) ||
        explained < kDeviations * kDeviations * background.variance) {
      return;
    }
    for (int c = 0; c < 3; ++c) {
      target->rgba.Row(c, y)[x] =
          colour[static_cast<size_t>(c)] - share * contrast[static_cast<size_t>(c)];
    }
  }
}

}  // namespace stereofarm
