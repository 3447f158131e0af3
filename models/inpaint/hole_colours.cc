#include "models/inpaint/hole_colours.h"

#include <algorithm>
#include <cmath>

#include "common/image/half.h"
#include "models/inpaint/hole_runs.h"
#include "models/stereo/float8.h"

namespace stereofarm {

HoleColours::HoleColours(const WarpedFrame& filled, const Image& variance) {
  std::vector<HoleRun> holes;
  std::vector<float> values;
  for (int y = 0; y < filled.rgba.height(); ++y) {
    rows_.push_back(runs_.size());
    FindHoleRuns(filled.rgba.Row(3, y), filled.rgba.width(), &holes);
    for (const HoleRun hole : holes) {
      runs_.push_back({hole.begin, hole.end, variances_.size()});
      values.clear();
      for (int x = hole.begin; x < hole.end; ++x) {
        for (int c = 0; c < 3; ++c) values.push_back(filled.rgba.Row(c, y)[x]);
        values.push_back(filled.displacement.Row(0, y)[x]);
      }
      const size_t old = values_.size();
      values_.resize(old + values.size());
      FloatToHalf(values.data(), &values_[old], static_cast<int64_t>(values.size()));
      variances_.insert(variances_.end(), variance.Row(0, y) + hole.begin,
                        variance.Row(0, y) + hole.end);
    }
  }
  rows_.push_back(runs_.size());
}

std::optional<size_t> HoleColours::Find(int x, int y) const {
  if (y < 0 || y + 1 >= static_cast<int>(rows_.size())) return std::nullopt;
  const auto begin = runs_.begin() + static_cast<ptrdiff_t>(rows_[static_cast<size_t>(y)]);
  const auto end = runs_.begin() + static_cast<ptrdiff_t>(rows_[static_cast<size_t>(y) + 1]);
  const auto run =
      std::partition_point(begin, end, [x](const Run& candidate) { return candidate.end <= x; });
  if (run == end || run->begin > x) return std::nullopt;
  return run->first + static_cast<size_t>(x - run->begin);
}

std::optional<HoleColours::Pixel> HoleColours::At(int x, int y) const {
  const std::optional<size_t> at = Find(x, y);
  if (!at) return std::nullopt;
  const Float4 values = LoadHalf4(&values_[*at * kChannels]);
  return Pixel{{values[0], values[1], values[2]}, variances_[*at]};
}

bool HoleColours::Sample(float x, float y, float d, float tolerance, float rgb[3]) const {
  if (!(std::abs(x) < 1e6f && std::abs(y) < 1e6f)) return false;
  const float left = std::floor(x), top = std::floor(y);
  float sum[3] = {}, total = 0;
  for (int j = 0; j < 2; ++j) {
    for (int i = 0; i < 2; ++i) {
      const float weight = (1 - std::abs(x - left - static_cast<float>(i))) *
                           (1 - std::abs(y - top - static_cast<float>(j)));
      if (!(weight > 0)) continue;
      const std::optional<size_t> at = Find(static_cast<int>(left) + i, static_cast<int>(top) + j);
      if (!at) continue;
      const Float4 values = LoadHalf4(&values_[*at * kChannels]);
      if (!(std::abs(values[3] - d) < tolerance)) continue;
      for (int c = 0; c < 3; ++c) sum[c] += weight * values[c];
      total += weight;
    }
  }
  if (!(total > 0)) return false;
  for (int c = 0; c < 3; ++c) rgb[c] = sum[c] / total;
  return true;
}

}  // namespace stereofarm
