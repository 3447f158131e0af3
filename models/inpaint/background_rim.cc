#include "models/inpaint/background_rim.h"

#include <array>
#include <cmath>
#include <vector>

#include "models/inpaint/hole_runs.h"
#include "models/inpaint/hole_sides.h"

namespace stereofarm {
namespace {

using Colour = std::array<float, 3>;

// How far from the hole, in pixels, what is looked at.
struct Reach {
  int rim;            // pixels that may be mixtures, from the hole on
  int background[2];  // first and last pixel taken for pure background
  int foreground[2];  // the same for the foreground, from the hole's other end on
};
constexpr Reach kColour = {2, {2, 4}, {1, 2}};
// Video has chroma at half the width: a chroma sample on the edge reaches two pixels beyond it, and
// its neighbour's interpolation two more.
constexpr Reach kChroma = {4, {4, 7}, {1, 4}};
constexpr float kLeastContrast = 0.1f;     // of foreground and background, code values
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
// Without its luma (BT.709).
Colour ChromaAt(const Image& image, int x, int y) {
  const Colour colour = At(image, x, y);
  const float luma = Dot(colour, {0.2126f, 0.7152f, 0.0722f});
  return {colour[0] - luma, colour[1] - luma, colour[2] - luma};
}

struct Sample {
  Colour mean = {};
  float variance = 0;
  int count = 0;
};

// Of the pixels first + i * step for i in [from, to], up to the first that isn't known or isn't on
// the asked side.
template <typename Look>
Sample SampleRow(const WarpedFrame& frame, int y, const HoleSides& sides, int first, int step,
                 const int (&range)[2], bool background, const Look& look) {
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
    const Colour colour = look(frame.rgba, first + i * step, y);
    for (size_t c = 0; c < 3; ++c) sample.mean[c] += scale * colour[c];
  }
  for (int i = range[0]; i < end; ++i) {
    const Colour offset = look(frame.rgba, first + i * step, y) - sample.mean;
    sample.variance += scale * Dot(offset, offset);
  }
  return sample;
}

// `look`: the part of a pixel's colour that is freed.
template <typename Look>
void Clean(int y, HoleRun run, const HoleSides& sides, const Reach& reach, const Look& look,
           WarpedFrame* target) {
  const WarpedFrame& frame = *target;
  const int step = sides.left ? -1 : 1;  // away from the hole, into the background
  const int rim = sides.left ? run.begin - 1 : run.end;
  const int front = sides.left ? run.end : run.begin - 1;
  const Sample background = SampleRow(frame, y, sides, rim, step, reach.background, true, look);
  const Sample foreground = SampleRow(frame, y, sides, front, -step, reach.foreground, false, look);
  if (background.count <= 0 || foreground.count <= 0) return;
  const Colour contrast = foreground.mean - background.mean;
  const float squared = Dot(contrast, contrast);
  if (squared < kLeastContrast * kLeastContrast) return;
  for (int i = 0; i < reach.rim; ++i) {
    const int x = rim + i * step;
    const Colour offset = look(frame.rgba, x, y) - background.mean;
    const float share = Dot(offset, contrast) / squared;
    const float explained = share * share * squared;
    if (share < kShare[0] || share > kShare[1] || explained < kLeastFit * Dot(offset, offset) ||
        explained < kDeviations * kDeviations * background.variance) {
      return;
    }
    for (int c = 0; c < 3; ++c) {
      target->rgba.Row(c, y)[x] -= share * contrast[static_cast<size_t>(c)];
    }
  }
}

void CleanBackgroundRim(int y, HoleRun run, const HoleSides& sides, WarpedFrame* target) {
  const bool has_both = run.begin > 0 && run.end < target->rgba.width();
  if (!has_both || sides.left == sides.right) return;
  Clean(y, run, sides, kColour, At, target);
  Clean(y, run, sides, kChroma, ChromaAt, target);
}

}  // namespace

void CleanBackgroundRims(WarpedFrame* target) {
  const int width = target->rgba.width();
  std::vector<HoleRun> runs;
  for (int y = 0; y < target->rgba.height(); ++y) {
    FindHoleRuns(target->rgba.Row(3, y), width, &runs);
    for (const HoleRun run : runs) {
      if (run.begin == 0 && run.end == width) continue;
      CleanBackgroundRim(y, run, FindHoleSides(*target, y, run), target);
    }
  }
}

}  // namespace stereofarm
