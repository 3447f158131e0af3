#ifndef STEREOFARM_COMMON_MEDIA_ORIENTATION_H_
#define STEREOFARM_COMMON_MEDIA_ORIENTATION_H_

#include "common/media/ffmpeg.h"

namespace stereofarm {

// How a coded picture becomes an upright one: mirrored left-right first, then turned clockwise.
struct Orientation {
  int rotation = 0;  // 0, 90, 180, 270
  bool mirrored = false;

  bool IsUpright() const { return rotation == 0 && !mirrored; }
  bool SwapsSides() const { return rotation % 180 != 0; }
  bool operator==(const Orientation&) const = default;
};

// The one that a track's display matrix asks for, to the nearest quarter turn.
Orientation OrientationOf(const AVStream& stream);

// `source`, of a planar format, turned upright; the result has UprightFormat. Samples are moved,
// never changed (repeated where the format has to become 4:4:4).
FramePtr TurnUpright(const AVFrame& source, const Orientation& orientation);

// The format that pictures of `format` have after turning: chroma subsampling swaps its axes with a
// quarter turn (yuv440p for yuv422p); yuv444p of the same depth where FFmpeg has no such format.
AVPixelFormat UprightFormat(AVPixelFormat format, const Orientation& orientation);

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_MEDIA_ORIENTATION_H_
