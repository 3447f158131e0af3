#include "common/farm/depth_ease.h"

#include <algorithm>

namespace stereofarm {
namespace {

// The range in which depth gets the values that the turn gives it in `range`.
DepthRange Turned(const DepthRange& range, const DepthEase& ease) {
  const double span = (range.hi - range.lo) / ease.scale;
  const double lo = range.lo - ease.shift * span;
  return {lo, lo + span};
}

// How much of a turn is left so many frames from its cut.
double Left(int64_t frames, int64_t all) {
  const double x = std::clamp(1 - static_cast<double>(frames) / static_cast<double>(all), 0.0, 1.0);
  return x * x * (3 - 2 * x);
}

}  // namespace

DepthRange EasedRange::At(int64_t frame) const {
  const int64_t all = std::clamp<int64_t>(shot.size() / 2, 1, kEaseFrames);
  DepthRange out = range;
  const auto add = [&](const DepthEase& ease, double left) {
    if (ease == DepthEase() || left == 0) return;
    const DepthRange turned = Turned(range, ease);
    out.lo += left * (turned.lo - range.lo);
    out.hi += left * (turned.hi - range.hi);
  };
  add(begin, Left(frame - shot.begin, all));
  add(end, Left(shot.end - 1 - frame, all));
  return out;
}

}  // namespace stereofarm
