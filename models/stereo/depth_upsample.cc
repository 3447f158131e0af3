#include "models/stereo/depth_upsample.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "common/base/log.h"
#include "models/stereo/bordered_image.h"
#include "models/stereo/depth_steps.h"
#include "models/stereo/float8.h"
#include "models/stereo/foreground_growth.h"

namespace stereofarm {
namespace {

// Difference of colour (code values, root of the sum over R, G, B) that halves a vote's root.
constexpr float kColour = 0.12f;
// Share of the bilinear weights that must be of the chosen level for interpolating within it.
constexpr float kLeastShare = 0.05f;
constexpr int kLanes8 = 8;

// Where a pixel of the guide lies among the depth's pixels, along one axis.
struct Position {
  int nearest;     // depth pixel
  int before;      // depth pixel at or before it
  float fraction;  // from `before` to the next
};

std::vector<Position> Positions(int guide, int depth) {
  std::vector<Position> result(static_cast<size_t>(guide));
  for (int i = 0; i < guide; ++i) {
    const double at = (i + 0.5) * depth / guide - 0.5;
    const double before = std::floor(at);
    result[static_cast<size_t>(i)] = {static_cast<int>(std::floor(at + 0.5)),
                                      static_cast<int>(before), static_cast<float>(at - before)};
  }
  return result;
}

// Weight of a vote at a distance in depth pixels: nearly a Gaussian of deviation 1.4, 0 from 4 on.
float DistanceWeight(float distance) {
  const float q = std::max(0.0f, 1.0f - distance * distance / 16.0f);
  return (q * q) * (q * q);
}

// Mean colour of the guide's pixels in each depth pixel.
std::vector<BorderedImage> ShrinkGuide(const Image& guide, int w, int h) {
  std::vector<BorderedImage> result;
  std::vector<float> sums(static_cast<size_t>(guide.width()));
  for (int c = 0; c < 3; ++c) {
    BorderedImage plane(w, h);
    for (int y = 0; y < h; ++y) {
      const int top = static_cast<int>(int64_t{y} * guide.height() / h);
      const int bottom = static_cast<int>((int64_t{y} + 1) * guide.height() / h);
      std::copy_n(guide.Row(c, top), guide.width(), sums.begin());
      for (int v = top + 1; v < bottom; ++v) {
        const float* row = guide.Row(c, v);
        for (int u = 0; u < guide.width(); ++u) sums[static_cast<size_t>(u)] += row[u];
      }
      for (int x = 0; x < w; ++x) {
        const int left = static_cast<int>(int64_t{x} * guide.width() / w);
        const int right = static_cast<int>((int64_t{x} + 1) * guide.width() / w);
        float sum = 0;
        for (int u = left; u < right; ++u) sum += sums[static_cast<size_t>(u)];
        plane.Row(y)[x] = sum / static_cast<float>((right - left) * (bottom - top));
      }
    }
    plane.Extend();
    result.push_back(std::move(plane));
  }
  return result;
}

class Upsampler {
 public:
  Upsampler(const Image& depth, const Image& guide)
      : guide_(guide),
        steps_(FindDepthSteps(depth)),
        colours_(ShrinkGuide(guide, depth.width(), depth.height())),
        columns_(Positions(guide.width(), depth.width())),
        rows_(Positions(guide.height(), depth.height())),
        column_weights_(columns_.size() * kLanes8) {
    for (size_t x = 0; x < columns_.size(); ++x) {
      const Position& p = columns_[x];
      for (int i = -DepthSteps::kReachX; i <= DepthSteps::kReachX; ++i) {
        const float distance = static_cast<float>(p.nearest + i - p.before) - p.fraction;
        column_weights_[x * kLanes8 + static_cast<size_t>(i + DepthSteps::kReachX)] =
            DistanceWeight(distance);
      }
    }
  }

  void Run(int y, float* out) const {
    const Position& row = rows_[static_cast<size_t>(y)];
    const float* above = steps_.depth.Row(row.before);
    const float* below = steps_.depth.Row(row.before + 1);
    const float* middle = steps_.middle.Row(0, row.nearest);
    const int width = guide_.width();
    for (int x = 0; x < width; ++x) {
      const Position& column = columns_[static_cast<size_t>(x)];
      const float a = above[column.before], b = below[column.before];
      const float left = a + row.fraction * (b - a);
      const float c = above[column.before + 1], d = below[column.before + 1];
      const float right = c + row.fraction * (d - c);
      out[x] = left + column.fraction * (right - left);
    }
    for (int x = 0; x < width; ++x) {
      const float level = middle[columns_[static_cast<size_t>(x)].nearest];
      if (level < std::numeric_limits<float>::infinity()) out[x] = Vote(x, y, level);
    }
  }

  float step() const { return steps_.step; }

 private:
  // Depth of a pixel near a step: of one side of `level`.
  float Vote(int x, int y, float level) const {
    const Position& column = columns_[static_cast<size_t>(x)];
    const Position& row = rows_[static_cast<size_t>(y)];
    const Float8 column_weights = Load8(&column_weights_[static_cast<size_t>(x) * kLanes8]);
    const float red = guide_.Row(0, y)[x], green = guide_.Row(1, y)[x], blue = guide_.Row(2, y)[x];
    const int first = column.nearest - DepthSteps::kReachX;
    Float8 votes = {}, values = {}, upper_votes = {}, upper_values = {};
    for (int j = -DepthSteps::kReachY; j <= DepthSteps::kReachY; ++j) {
      const int v = row.nearest + j;
      const float row_weight = DistanceWeight(static_cast<float>(v - row.before) - row.fraction);
      const Float8 r = Load8(colours_[0].Row(v) + first) - red;
      const Float8 g = Load8(colours_[1].Row(v) + first) - green;
      const Float8 b = Load8(colours_[2].Row(v) + first) - blue;
      const Float8 unlike = 1.0f + (r * r + g * g + b * b) * (1.0f / (kColour * kColour));
      const Float8 vote = row_weight * column_weights / (unlike * unlike);
      const Float8 depth = Load8(steps_.depth.Row(v) + first);
      const Float8 upper_vote = Keep8(depth > Splat8(level), vote);
      votes += vote;
      values += vote * depth;
      upper_votes += upper_vote;
      upper_values += upper_vote * depth;
    }
    const float all = Sum(votes), upper = Sum(upper_votes);
    const bool is_upper = upper + upper > all;

    const float* above = steps_.depth.Row(row.before) + column.before;
    const float* below = steps_.depth.Row(row.before + 1) + column.before;
    const float corners[4] = {above[0], above[1], below[0], below[1]};
    const float fx = column.fraction, fy = row.fraction;
    const float weights[4] = {(1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy};
    float share = 0, sum = 0;
    for (int i = 0; i < 4; ++i) {
      if ((corners[i] > level) != is_upper) continue;
      share += weights[i];
      sum += weights[i] * corners[i];
    }
    if (share > kLeastShare) return sum / share;
    const float upper_value = Sum(upper_values);
    return is_upper ? upper_value / upper : (Sum(values) - upper_value) / (all - upper);
  }

  static float Sum(Float8 v) {
    return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]));
  }

  const Image& guide_;
  DepthSteps steps_;
  std::vector<BorderedImage> colours_;
  std::vector<Position> columns_;
  std::vector<Position> rows_;
  std::vector<float> column_weights_;
};

// The pixels of `depth` nearest to those of a smaller map.
Image PickPixels(const Image& depth, int width, int height) {
  Image result(width, height, 1);
  for (int y = 0; y < height; ++y) {
    const float* row =
        depth.Row(0, static_cast<int>((2 * int64_t{y} + 1) * depth.height() / (2 * height)));
    for (int x = 0; x < width; ++x) {
      result.Row(0, y)[x] = row[(2 * int64_t{x} + 1) * depth.width() / (2 * width)];
    }
  }
  return result;
}

}  // namespace

Image UpsampleDepth(const Image& depth, const Image& guide) {
  if (depth.SameSize(guide)) return depth.Clone();
  SF_CHECK(depth.channels() == 1 && guide.channels() >= 3);
  if (depth.width() > guide.width() || depth.height() > guide.height()) {
    return UpsampleDepth(PickPixels(depth, std::min(depth.width(), guide.width()),
                                    std::min(depth.height(), guide.height())),
                         guide);
  }
  Image result(guide.width(), guide.height(), 1);
  const Upsampler upsampler(depth, guide);
  for (int y = 0; y < guide.height(); ++y) upsampler.Run(y, result.Row(0, y));
  GrowForeground(guide, upsampler.step(), &result);
  return result;
}

}  // namespace stereofarm
