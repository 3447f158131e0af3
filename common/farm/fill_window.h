#ifndef STEREOFARM_COMMON_FARM_FILL_WINDOW_H_
#define STEREOFARM_COMMON_FARM_FILL_WINDOW_H_

#include "common/timeline/frame_range.h"

namespace stereofarm {

// How far around a frame its fill may look, in frames; no inpainter's window is wider.
inline constexpr int kFillWindow = 8;

// The frames whose picture and depth making a shard's eyes may read.
inline FrameRange FillFrames(const Shard& shard) {
  return shard.core.Grow(kFillWindow, shard.shot);
}

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_FARM_FILL_WINDOW_H_
