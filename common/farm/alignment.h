#ifndef STEREOFARM_COMMON_FARM_ALIGNMENT_H_
#define STEREOFARM_COMMON_FARM_ALIGNMENT_H_

#include <algorithm>
#include <cstdint>

#include "common/timeline/frame_range.h"

namespace stereofarm {

// What brings raw inverse depth to its shot's: scale * raw + shift. scale > 0.
struct Alignment {
  double scale = 1;
  double shift = 0;

  bool operator==(const Alignment&) const = default;
};

// The alignment along a shard, which may drift: scale and shift are linear over the frames of its
// full range.
struct AlignmentRamp {
  Alignment from;  // where the full range begins
  Alignment to;    // where it ends

  // In the middle of `frame` of `full`.
  Alignment At(const FrameRange& full, int64_t frame) const {
    if (from == to || full.empty()) return from;
    const double part = std::clamp(
        (static_cast<double>(frame - full.begin) + 0.5) / static_cast<double>(full.size()), 0.0,
        1.0);
    return {from.scale + part * (to.scale - from.scale),
            from.shift + part * (to.shift - from.shift)};
  }
  bool operator==(const AlignmentRamp&) const = default;
};

// How a shot's depth is turned at one of its cuts: d becomes scale * d + shift. 0 < scale <= 1.
struct DepthEase {
  double scale = 1;
  double shift = 0;

  bool operator==(const DepthEase&) const = default;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_FARM_ALIGNMENT_H_
