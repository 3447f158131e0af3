#include "coordinator/reconcile/skeleton.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "common/base/log.h"
#include "common/farm/alignment.h"
#include "coordinator/reconcile/seam.h"

namespace stereofarm {
namespace {

double Median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double Spread(double w, double wx, double wxx) {
  return std::sqrt(std::max(0.0, wxx / w - wx / w * (wx / w)));
}

// What brings `finer` to the gauge of `whole`.
std::optional<Alignment> AlignmentTo(const ShardSamples& whole, const ShardSamples& finer) {
  std::vector<SeamFrame> common = ReduceTies(finer, whole);
  std::erase_if(common, [](const SeamFrame& frame) {
    const SeamSums& sums = frame.sums;
    return !(sums.w > 0) || !(Spread(sums.w, sums.wa, sums.waa) > 0) ||
           !(Spread(sums.w, sums.wb, sums.wbb) > 0);
  });
  if (common.empty()) return std::nullopt;
  std::vector<double> logs;
  for (const SeamFrame& frame : common) {
    const SeamSums& sums = frame.sums;
    logs.push_back(std::log(Spread(sums.w, sums.wb, sums.wbb) / Spread(sums.w, sums.wa, sums.waa)));
  }
  Alignment out{.scale = std::exp(Median(std::move(logs)))};
  std::vector<double> shifts;
  for (const SeamFrame& frame : common) {
    const SeamSums& sums = frame.sums;
    shifts.push_back((sums.wb - out.scale * sums.wa) / sums.w);
  }
  out.shift = Median(std::move(shifts));
  return out;
}

}  // namespace

ShardSamples MergeSkeletons(std::vector<ShardSamples> skeletons) {
  SF_CHECK(!skeletons.empty());
  ShardSamples whole = std::move(skeletons.front());
  for (size_t i = 1; i < skeletons.size(); ++i) {
    const std::optional<Alignment> alignment = AlignmentTo(whole, skeletons[i]);
    if (!alignment) continue;
    std::vector<FrameSamples> merged = std::move(whole.frames);
    const size_t before = merged.size();
    for (FrameSamples& frame : skeletons[i].frames) {
      const auto there = std::lower_bound(
          merged.begin(), merged.begin() + static_cast<ptrdiff_t>(before), frame.frame,
          [](const FrameSamples& one, int64_t number) { return one.frame < number; });
      if (there != merged.begin() + static_cast<ptrdiff_t>(before) && there->frame == frame.frame) {
        continue;
      }
      for (float& value : frame.values) {
        value = static_cast<float>(alignment->scale * value + alignment->shift);
      }
      merged.push_back(std::move(frame));
    }
    std::sort(merged.begin(), merged.end(),
              [](const FrameSamples& a, const FrameSamples& b) { return a.frame < b.frame; });
    whole.frames = std::move(merged);
  }
  return whole;
}

}  // namespace stereofarm
