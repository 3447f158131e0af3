#include "models/inpaint/hole_colours.h"

#include <algorithm>
#include <cmath>

#include "common/image/half.h"
#include "models/inpaint/hole_runs.h"
#include "models/stereo/float8.h"

namespace stereofarm {

HoleColours::HoleColours(const WarpedFrame& warped, const Image& rgb, const Image& displacement) {
  std::vector<HoleRun> holes;
  std::vector<float> values;
  for (int y = 0; y < warped.rgba.height(); ++y) {
    rows_.push_back(runs_.size());
    FindHoleRuns(warped.rgba.Row(3, y), warped.rgba.width(), &holes);
    for (const HoleRun hole : holes) {
      runs_.push_back({hole.begin, hole.end, values_.size()});
      values.clear();
      for (int x = hole.begin; x < hole.end; ++x) {
        for (int c = 0; c < 3; ++c) values.push_back(rgb.Row(c, y)[x]);
        values.push_back(displacement.Row(0, y)[x]);
      }
      values_.resize(values_.size() + values.size());
      FloatToHalf(values.data(), &values_[runs_.back().first], static_cast<int64_t>(values.size()));
    }
  }
  rows_.push_back(runs_.size());
}

const uint16_t* HoleColours::Find(int x, int y) const {
  if (y < 0 || y + 1 >= static_cast<int>(rows_.size())) return nullptr;
  const auto begin = runs_.begin() + static_cast<ptrdiff_t>(rows_[static_cast<size_t>(y)]);
  const auto end = runs_.begin() + static_cast<ptrdiff_t>(rows_[static_cast<size_t>(y) + 1]);
  const auto run =
      std::partition_point(begin, end, [x](const Run& candidate) { return candidate.end <= x; });
  if (run == end || run->begin > x) return nullptr;
  return &values_[run->first + static_cast<size_t>(x - run->begin) * kChannels];
}

bool HoleColours::Sample(float x, float y, float d, float tolerance, float rgb[3]) const {
  if (!(std::abs(x) < 1e6f && std::abs(y) < 1e6f)) return false;
  const float left = std::floor(x), top = std::floor(y);
  float sum[3] = {}, total = 0;
  for (int j = 0; j < 2; ++j) {
    for (int i = 0; i < 2; ++i) {
      const uint16_t* half = Find(static_cast<int>(left) + i, static_cast<int>(top) + j);
      if (half == nullptr) continue;
      const Float4 values = LoadHalf4(half);
      const float weight = (1 - std::abs(x - left - static_cast<float>(i))) *
                           (1 - std::abs(y - top - static_cast<float>(j)));
      if (!(std::abs(values[3] - d) < tolerance) || !(weight > 0)) continue;
      for (int c = 0; c < 3; ++c) sum[c] += weight * values[c];
      total += weight;
    }
  }
  if (!(total > 0)) return false;
  for (int c = 0; c < 3; ++c) rgb[c] = sum[c] / total;
  return true;
}

}  // namespace stereofarm
