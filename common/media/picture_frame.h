#ifndef STEREOFARM_COMMON_MEDIA_PICTURE_FRAME_H_
#define STEREOFARM_COMMON_MEDIA_PICTURE_FRAME_H_

#include <memory>
#include <utility>

#include "common/media/ffmpeg.h"
#include "common/media/orientation.h"
#include "common/media/picture.h"

namespace stereofarm {

// What a Picture holds: a frame of a planar format. RGB planes stand as FFmpeg has them: G, B, R.
struct Picture::Frame {
  explicit Frame(FramePtr f) : av(std::move(f)) {}
  FramePtr av;
};

// A Picture of a decoder's frame: alpha dropped, semi-planar, packed and palette samples unpacked
// without loss, turned upright. Shares the decoder's memory where nothing had to be changed.
absl::StatusOr<Picture> PictureOf(FramePtr decoded, const Orientation& orientation);

inline const AVFrame& AvFrameOf(const Picture& picture) { return *picture.frame()->av; }

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_MEDIA_PICTURE_FRAME_H_
