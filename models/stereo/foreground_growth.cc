#include "models/stereo/foreground_growth.h"

#include <algorithm>
#include <cmath>

namespace stereofarm {
namespace {

constexpr float kLeastShare = 0.25f;  // of the object in a pixel that it grows over
constexpr float kMostShare = 0.9f;    // more is another thing of the object's colour
// Squared distance of two colours (code values, sum over R, G, B) that can be told from noise.
constexpr float kLeastContrast = 0.06f * 0.06f;
// Where the pure colours are taken: pixels from the step.
constexpr int kInside = 2;
constexpr int kOutside = kGrowth + 2;

// `out` is the first pixel of the background beside a step, `inward` the way to the object.
void GrowAt(const Image& guide, int y, int out, int inward, float* row) {
  const int last = guide.width() - 1;
  const int object = std::clamp(out + inward * kInside, 0, last);
  const int background = std::clamp(out - inward * (kOutside - 1), 0, last);
  const float depth = row[out + inward];
  float way[3], length = 0;
  for (int c = 0; c < 3; ++c) {
    way[c] = guide.Row(c, y)[object] - guide.Row(c, y)[background];
    length += way[c] * way[c];
  }
  if (length < kLeastContrast) return;
  float share = kMostShare * length;
  for (int k = 0; k < kGrowth; ++k) {
    const int x = out - inward * k;
    // Not beyond the picture, nor over what is as near.
    if (x < 0 || x > last || row[x] >= depth) return;
    float along = 0;
    for (int c = 0; c < 3; ++c) {
      along += (guide.Row(c, y)[x] - guide.Row(c, y)[background]) * way[c];
    }
    // Out of the object its share falls.
    if (along < kLeastShare * length || along > share) return;
    share = along;
    row[x] = depth;
  }
}

}  // namespace

void GrowForeground(const Image& guide, float step, Image* depth) {
  const int w = guide.width();
  for (int y = 0; y < guide.height(); ++y) {
    float* row = depth->Row(0, y);
    // Objects grow to the left as the row is read, and to the right on the way back: what grew is
    // no step again.
    for (int x = 1; x < w; ++x) {
      if (row[x] - row[x - 1] > step) GrowAt(guide, y, x - 1, 1, row);
    }
    for (int x = w - 2; x >= 0; --x) {
      if (row[x] - row[x + 1] > step) GrowAt(guide, y, x + 1, -1, row);
    }
  }
}

}  // namespace stereofarm
