#include "models/stereo/splat.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <vector>

#include "common/base/log.h"
#include "models/stereo/float8.h"

namespace stereofarm {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
// Pixels before and after a row, so that eight lanes may hang over either end.
constexpr int kPad = 16;

// A row with room on both sides; Pixels()[-kPad .. width + kPad + 7] may be read and written.
class PaddedRow {
 public:
  PaddedRow(int width, float pad) : pixels_(static_cast<size_t>(width + 2 * kPad + 8), pad) {}
  float* Pixels() { return pixels_.data() + kPad; }
  const float* Pixels() const { return pixels_.data() + kPad; }
  void Fill(float value) { std::fill(pixels_.begin(), pixels_.end(), value); }

 private:
  std::vector<float> pixels_;
};

// One row at a time, in two passes: the nearest displacement that reaches each target pixel, then
// the sum over the sources of that surface. They are at most three a target pixel t: x -
// displacement lies within t +- 1 and displacement within kSurfaceTolerance of the nearest, which
// leaves x an open interval of 2.75. So the second pass gathers, and where eight neighbouring
// targets have the same whole displacement it reads them side by side. kSign is 1 where larger is
// nearer, else -1.
template <int kSign>
class RowSplatter {
 public:
  explicit RowSplatter(int width)
      : width_(width),
        displacement_(width, -kSign * kInfinity),
        nearest_(width, 0),
        red_(width, 0),
        green_(width, 0),
        blue_(width, 0) {}

  void Run(const Image& rgb, const Image& displacement, int y, WarpedFrame* out) {
    std::copy_n(displacement.Row(0, y), width_, displacement_.Pixels());
    std::copy_n(rgb.Row(0, y), width_, red_.Pixels());
    std::copy_n(rgb.Row(1, y), width_, green_.Pixels());
    std::copy_n(rgb.Row(2, y), width_, blue_.Pixels());
    FindNearest();
    float* rows[5] = {out->rgba.Row(0, y), out->rgba.Row(1, y), out->rgba.Row(2, y),
                      out->rgba.Row(3, y), out->displacement.Row(0, y)};
    for (int t = 0; t < width_; t += 8) Accumulate(t, rows);
  }

 private:
  static Float8 Nearer(Float8 a, Float8 b) { return kSign > 0 ? Max8(a, b) : Min8(a, b); }

  // Pass 1. Target pixels beyond the row are written too, up to 8 to either side.
  void FindNearest() {
    nearest_.Fill(-kSign * kInfinity);
    for (int x = 0; x < width_; x += 8) {
      const Float8 d = Load8(displacement_.Pixels() + x);
      const Float8 position = (static_cast<float>(x) + kLanes) - d;
      const Float8 left = Floor8(position);
      // Lanes that reach the row at all; false for what isn't finite and for the padding.
      uint32_t pending =
          Bits8((position > Splat8(-1.0f)) & (position < Splat8(static_cast<float>(width_))));
      const Float8 offset = left - (static_cast<float>(x) + kLanes);
      const Float8 nothing = Splat8(-kSign * kInfinity);
      // A tap of no weight reaches nothing.
      const Int8 reaches_left = (1.0f - (position - left)) > Splat8(0.0f);
      const Int8 reaches_right = (1.0f - (left + 1.0f - position)) > Splat8(0.0f);
      while (pending != 0) {
        const float same = offset[std::countr_zero(pending)];
        const Int8 lanes = offset == Splat8(same);
        pending &= ~Bits8(lanes);
        float* target = nearest_.Pixels() + x + static_cast<int>(same);
        const Float8 tap0 = Select8(lanes & reaches_left, d, nothing);
        const Float8 tap1 = Select8(lanes & reaches_right, d, nothing);
        Store8(target, Nearer(Load8(target), tap0));
        Store8(target + 1, Nearer(Load8(target + 1), tap1));
      }
    }
  }

  // Pass 2 for targets t .. t + 7.
  void Accumulate(int t, float* const rows[5]) const {
    const Float8 targets = static_cast<float>(t) + kLanes;
    const Float8 nearest = Load8(nearest_.Pixels() + t);
    // The first of the three sources, seen from the target: the interval's 2.75 pixels in the
    // middle of the 3 that they cover, against rounding.
    constexpr float kFirst = kSign > 0 ? -1.875f : -1.125f;
    const Float8 offset = Floor8(targets + nearest + kFirst) + 1.0f - targets;
    const Float8 limit = nearest - kSign * kSurfaceTolerance;
    uint32_t pending = Bits8(Abs8(nearest) < Splat8(kInfinity));
    Float8 weight = {}, red = {}, green = {}, blue = {}, moved = {};
    while (pending != 0) {
      const float same = offset[std::countr_zero(pending)];
      const Int8 lanes = offset == Splat8(same);
      pending &= ~Bits8(lanes);
      for (int k = 0; k < 3; ++k) {
        const int x = t + static_cast<int>(same) + k;
        const Float8 d = Load8(displacement_.Pixels() + x);
        const Float8 position = (static_cast<float>(x) + kLanes) - d;
        const Float8 tap = 1.0f - Abs8(position - targets);
        const Int8 same_surface = kSign > 0 ? d >= limit : d <= limit;
        const Int8 counts = lanes & (tap > Splat8(0.0f)) & same_surface;
        const Float8 w = Keep8(counts, tap);
        weight += w;
        red += w * Load8(red_.Pixels() + x);
        green += w * Load8(green_.Pixels() + x);
        blue += w * Load8(blue_.Pixels() + x);
        moved += w * Keep8(counts, d);
      }
    }
    const Int8 known = weight > Splat8(kKnownWeight);
    const Float8 scale = Keep8(known, 1.0f / weight);
    Store8(rows[0] + t, ToHalfAndBack8(red * scale));
    Store8(rows[1] + t, ToHalfAndBack8(green * scale));
    Store8(rows[2] + t, ToHalfAndBack8(blue * scale));
    Store8(rows[3] + t, Keep8(known, Splat8(1.0f)));
    Store8(rows[4] + t, ToHalfAndBack8(moved * scale));
  }

  int width_;
  PaddedRow displacement_, nearest_, red_, green_, blue_;
};

template <int kSign>
void SplatRows(const Image& rgb, const Image& displacement, WarpedFrame* out) {
  RowSplatter<kSign> splatter(rgb.width());
  for (int y = 0; y < rgb.height(); ++y) splatter.Run(rgb, displacement, y, out);
}

void Reuse(int width, int height, int channels, Image* image) {
  if (image->empty() || image->width() != width || image->height() != height ||
      image->channels() != channels) {
    *image = Image(width, height, channels);
  }
}

}  // namespace

void PrepareWarpedFrame(const Image& rgb, bool nearer_is_larger, WarpedFrame* out) {
  Reuse(rgb.width(), rgb.height(), 4, &out->rgba);
  Reuse(rgb.width(), rgb.height(), 1, &out->displacement);
  out->nearer_is_larger = nearer_is_larger;
}

void Splat(const Image& rgb, const Image& displacement, bool nearer_is_larger, WarpedFrame* out) {
  SF_CHECK(rgb.channels() == 3 && displacement.channels() == 1 && rgb.SameSize(displacement));
  PrepareWarpedFrame(rgb, nearer_is_larger, out);
  if (nearer_is_larger) {
    SplatRows<1>(rgb, displacement, out);
  } else {
    SplatRows<-1>(rgb, displacement, out);
  }
}

}  // namespace stereofarm
