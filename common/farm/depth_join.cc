#include "common/farm/depth_join.h"

#include <algorithm>
#include <cmath>

#include "common/base/log.h"

namespace stereofarm {
namespace {

// Frames on either side of the border of two neighbours over which they're blended.
int64_t HalfWidth(const AlignedShard& left, const AlignedShard& right) {
  const int64_t border = right.core.begin;
  const int64_t reach = std::min({border - right.full.begin, left.full.end - border,
                                  left.core.size() / 2, right.core.size() / 2});
  return std::max<int64_t>(0, reach);
}

// Weight of the right one of two neighbours for `frame`; 0 or 1 beyond the ramp.
double RightWeight(const AlignedShard& left, const AlignedShard& right, int64_t frame) {
  const int64_t half = HalfWidth(left, right);
  const int64_t offset = frame - right.core.begin;
  if (offset < -half) return 0;
  if (offset >= half) return 1;
  const double x = (static_cast<double>(offset + half) + 0.5) / (2.0 * static_cast<double>(half));
  return x * x * (3 - 2 * x);
}

}  // namespace

std::vector<JoinTerm> JoinTerms(std::span<const AlignedShard> shards, int64_t frame) {
  const auto after = std::upper_bound(
      shards.begin(), shards.end(), frame,
      [](int64_t number, const AlignedShard& shard) { return number < shard.core.begin; });
  if (after == shards.begin()) return {};
  const auto at = static_cast<size_t>(after - shards.begin()) - 1;
  if (!shards[at].core.Contains(frame)) return {};
  if (at > 0) {
    const double own = RightWeight(shards[at - 1], shards[at], frame);
    if (own < 1) return {{at - 1, 1 - own}, {at, own}};
  }
  if (at + 1 < shards.size()) {
    const double next = RightWeight(shards[at], shards[at + 1], frame);
    if (next > 0) return {{at, 1 - next}, {at + 1, next}};
  }
  return {{at, 1.0}};
}

Image NormalisedDepth(std::span<const JoinInput> inputs, const DepthRange& range) {
  SF_CHECK(!inputs.empty());
  const Image& first = *inputs[0].raw;
  Image out(first.width(), first.height(), 1);
  const double span = range.hi - range.lo;
  SF_CHECK(span > 0);
  for (const JoinInput& input : inputs) SF_CHECK(input.raw->SameSize(first));
  for (int y = 0; y < first.height(); ++y) {
    float* row = out.Row(0, y);
    for (int x = 0; x < first.width(); ++x) {
      double sum = 0;
      double weight = 0;
      for (const JoinInput& input : inputs) {
        const float raw = input.raw->Row(0, y)[x];
        if (!std::isfinite(raw)) continue;
        sum += input.weight * (input.alignment.scale * raw + input.alignment.shift);
        weight += input.weight;
      }
      row[x] = weight > 0 ? Knee(static_cast<float>((sum / weight - range.lo) / span)) : 0.5f;
    }
  }
  return out;
}

}  // namespace stereofarm
