#include "models/stereo/depth_steps.h"

#include <cmath>
#include <limits>

#include "models/stereo/float8.h"

namespace stereofarm {
namespace {

// A step's least height, in ranges of the map.
constexpr float kStep = 0.02f;
// Least bend (second difference) that makes a step of it, in ranges of the map.
constexpr float kBend = 0.04f;
// On a slope nothing bends; on a step the largest bend is at least this share of the range.
constexpr float kLeastBend = 0.1f;
// On a slope the range of 5 x 5 pixels is twice that of 3 x 3, on a step it's the same.
constexpr float kSlope = 1.85f;

struct Extremes {
  BorderedImage low;
  BorderedImage high;
};

// Least and largest value within `reach_x`, `reach_y` of each pixel.
Extremes FindExtremes(const BorderedImage& image, int reach_x, int reach_y) {
  const int w = image.width(), h = image.height();
  Extremes rows{BorderedImage(w, h), BorderedImage(w, h)};
  Extremes result{BorderedImage(w, h), BorderedImage(w, h)};
  for (int y = -reach_y; y < h + reach_y; ++y) {
    const float* in = image.Row(y);
    for (int x = 0; x < w; x += 8) {
      Float8 low = Load8(in + x), high = low;
      for (int i = -reach_x; i <= reach_x; ++i) {
        low = Min8(low, Load8(in + x + i));
        high = Max8(high, Load8(in + x + i));
      }
      Store8(rows.low.Row(y) + x, low);
      Store8(rows.high.Row(y) + x, high);
    }
  }
  for (int y = 0; y < h; ++y) {
    for (int x = 0; x < w; x += 8) {
      Float8 low = Load8(rows.low.Row(y) + x), high = Load8(rows.high.Row(y) + x);
      for (int j = -reach_y; j <= reach_y; ++j) {
        low = Min8(low, Load8(rows.low.Row(y + j) + x));
        high = Max8(high, Load8(rows.high.Row(y + j) + x));
      }
      Store8(result.low.Row(y) + x, low);
      Store8(result.high.Row(y) + x, high);
    }
  }
  return result;
}

float RangeOf(const Image& image) {
  float low = std::numeric_limits<float>::infinity(), high = -low;
  for (int y = 0; y < image.height(); ++y) {
    const float* row = image.Row(0, y);
    for (int x = 0; x < image.width(); ++x) {
      low = row[x] < low ? row[x] : low;
      high = row[x] > high ? row[x] : high;
    }
  }
  return high - low;
}

// Largest second difference along the row and the column; one that would reach over the map's edge
// counts as 0.
BorderedImage FindBends(const BorderedImage& depth) {
  const int w = depth.width(), h = depth.height();
  BorderedImage result(w, h);
  for (int y = 0; y < h; ++y) {
    const float *above = depth.Row(y - 1), *row = depth.Row(y), *below = depth.Row(y + 1);
    const bool has_rows = y > 0 && y < h - 1;
    for (int x = 0; x < w; x += 8) {
      const Float8 column = static_cast<float>(x) + kLanes;
      const Int8 has_columns =
          (column > Splat8(0.0f)) & (column < Splat8(static_cast<float>(w - 1)));
      const Float8 twice = 2.0f * Load8(row + x);
      const Float8 along =
          Keep8(has_columns, Abs8(Load8(row + x - 1) - twice + Load8(row + x + 1)));
      const Float8 across = has_rows ? Abs8(Load8(above + x) - twice + Load8(below + x)) : Float8{};
      Store8(result.Row(y) + x, Max8(along, across));
    }
  }
  result.Extend();
  return result;
}

BorderedImage SharpenSteps(const BorderedImage& depth, float step) {
  BorderedImage result(depth.width(), depth.height());
  const Extremes inner = FindExtremes(depth, 1, 1), outer = FindExtremes(depth, 2, 2);
  const Extremes bends = FindExtremes(FindBends(depth), 1, 1);
  for (int y = 0; y < depth.height(); ++y) {
    for (int x = 0; x < depth.width(); x += 8) {
      const Float8 value = Load8(depth.Row(y) + x);
      const Float8 low = Load8(inner.low.Row(y) + x), high = Load8(inner.high.Row(y) + x);
      const Float8 range = high - low;
      const Float8 outer_range = Load8(outer.high.Row(y) + x) - Load8(outer.low.Row(y) + x);
      const Int8 is_step = (range > Splat8(step)) & (outer_range < kSlope * range) &
                           (Load8(bends.high.Row(y) + x) > kLeastBend * range);
      const Float8 end = Select8(value - low < high - value, low, high);
      Store8(result.Row(y) + x, Select8(is_step, end, value));
    }
  }
  result.Extend();
  return result;
}

}  // namespace

DepthSteps FindDepthSteps(const Image& depth) {
  const int w = depth.width(), h = depth.height();
  const float range = RangeOf(depth);
  BorderedImage bordered(w, h);
  for (int y = 0; y < h; ++y) std::copy_n(depth.Row(0, y), w, bordered.Row(y));
  bordered.Extend();

  DepthSteps steps{SharpenSteps(bordered, kStep * range), Image(w, h, 1), kStep * range};
  const Extremes levels = FindExtremes(steps.depth, DepthSteps::kReachX, DepthSteps::kReachY);
  const Extremes bends =
      FindExtremes(FindBends(steps.depth), DepthSteps::kReachX, DepthSteps::kReachY);
  for (int y = 0; y < h; ++y) {
    for (int x = 0; x < w; x += 8) {
      const Float8 low = Load8(levels.low.Row(y) + x), high = Load8(levels.high.Row(y) + x);
      const Int8 is_step = (high - low > Splat8(kStep * range)) &
                           (Load8(bends.high.Row(y) + x) > Splat8(kBend * range));
      Store8(steps.middle.Row(0, y) + x,
             Select8(is_step, 0.5f * (low + high), Splat8(std::numeric_limits<float>::infinity())));
    }
  }
  return steps;
}

}  // namespace stereofarm
