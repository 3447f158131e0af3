#include "coordinator/reconcile/shard_digest.h"

#include <algorithm>
#include <cmath>

#include "coordinator/reconcile/sort_floats.h"

namespace stereofarm {
namespace {

constexpr size_t kQuantiles = 257;

// The part of the shard's samples whose aligned value is below `value`.
double PartBelow(const ShardDigest& digest, const Alignment& aligned, double value) {
  const std::vector<float>& q = digest.quantiles;
  const double raw = (value - aligned.shift) / aligned.scale;
  const auto above = std::upper_bound(q.begin(), q.end(), raw,
                                      [](double v, float quantile) { return v < quantile; });
  if (above == q.begin()) return 0;
  if (above == q.end()) return 1;
  const double low = *(above - 1);
  const double high = *above;
  return (static_cast<double>(above - q.begin() - 1) + (raw - low) / (high - low)) /
         static_cast<double>(q.size() - 1);
}

// In the middle of the core.
Alignment MiddleOf(const AlignedShard& shard) {
  return shard.At((shard.core.begin + shard.core.end) / 2);
}

// Of the frame's samples, or else of `others`, of which there is one at least.
CutDepth CutDepthOf(const FrameSamples* frame, const std::vector<float>& others) {
  std::vector<float> values;
  for (size_t i = 0; frame != nullptr && i < frame->values.size(); ++i) {
    if (frame->weights[i] > 0) values.push_back(frame->values[i]);
  }
  if (values.empty()) values = others;
  SortFloats(&values);
  const auto at = [&](size_t percent) {
    return static_cast<double>(values[percent * (values.size() - 1) / 100]);
  };
  return {at(5), at(50), at(95)};
}

}  // namespace

ShardDigest DigestShard(const ShardSamples& samples, const ShotEnds& ends) {
  ShardDigest out{.core = samples.core, .full = samples.full};
  std::vector<float> values;
  values.reserve(samples.frames.size() * kSampleCells);
  double sum = 0;
  double squares = 0;
  int64_t weights = 0;
  for (const FrameSamples& frame : samples.frames) {
    if (!samples.core.Contains(frame.frame)) continue;
    // The frames that every shard keeps, whatever its overlap: they're spread evenly.
    if (frame.frame % kRangeFrameStep != 0 && frame.frame != samples.core.begin &&
        frame.frame != samples.core.end - 1) {
      continue;
    }
    for (size_t i = 0; i < frame.values.size(); ++i) {
      if (frame.weights[i] == 0) continue;
      values.push_back(frame.values[i]);
      weights += frame.weights[i];
      sum += frame.values[i];
      squares += static_cast<double>(frame.values[i]) * frame.values[i];
    }
  }
  if (values.empty()) return out;
  const auto n = static_cast<double>(values.size());
  out.measured = static_cast<double>(weights) / (255 * n);
  out.mean = sum / n;
  out.spread = std::sqrt(std::max(0.0, squares / n - out.mean * out.mean));
  if (ends.first) out.first = CutDepthOf(samples.Find(samples.core.begin), values);
  if (ends.last) out.last = CutDepthOf(samples.Find(samples.core.end - 1), values);
  SortFloats(&values);
  out.quantiles.reserve(kQuantiles);
  for (size_t i = 0; i < kQuantiles; ++i) {
    out.quantiles.push_back(values[i * (values.size() - 1) / (kQuantiles - 1)]);
  }
  return out;
}

double DepthQuantile(std::span<const ShardDigest> digests, std::span<const AlignedShard> aligned,
                     double part) {
  std::vector<Alignment> middles;
  double low = INFINITY;
  double high = -INFINITY;
  double total = 0;
  for (size_t i = 0; i < digests.size(); ++i) {
    const Alignment& middle = middles.emplace_back(MiddleOf(aligned[i]));
    if (digests[i].quantiles.empty()) continue;
    low = std::min(low, middle.scale * digests[i].quantiles.front() + middle.shift);
    high = std::max(high, middle.scale * digests[i].quantiles.back() + middle.shift);
    total += static_cast<double>(digests[i].core.size());
  }
  for (int step = 0; step < 48 && low < high; ++step) {
    const double middle = low + (high - low) / 2;
    double below = 0;
    for (size_t i = 0; i < digests.size(); ++i) {
      if (digests[i].quantiles.empty()) continue;
      below +=
          static_cast<double>(digests[i].core.size()) * PartBelow(digests[i], middles[i], middle);
    }
    (below < part * total ? low : high) = middle;
  }
  return high;
}

}  // namespace stereofarm
