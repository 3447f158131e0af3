#ifndef STEREOFARM_COMMON_FARM_DEPTH_EASE_H_
#define STEREOFARM_COMMON_FARM_DEPTH_EASE_H_

#include <cstdint>

#include "common/farm/alignment.h"
#include "common/farm/depth_join.h"
#include "common/timeline/frame_range.h"

namespace stereofarm {

// The frames over which a turn comes or goes, a second of film: slow enough for the eyes to follow
// without being noticed (active depth cuts; Mendiburu, 3D Movie Making, 2009).
inline constexpr int64_t kEaseFrames = 24;

// A shot's range, turned at its cuts.
struct EasedRange {
  FrameRange shot;
  DepthRange range;  // d = 0 and d = 1 where nothing is turned
  DepthEase begin;   // in the shot's first frame
  DepthEase end;     // in its last one

  // Both turns wear off by a smoothstep over kEaseFrames, in shorter shots over half of the shot.
  // lo < hi wherever they do in `range`.
  DepthRange At(int64_t frame) const;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_FARM_DEPTH_EASE_H_
