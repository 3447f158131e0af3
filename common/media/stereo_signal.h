#ifndef STEREOFARM_COMMON_MEDIA_STEREO_SIGNAL_H_
#define STEREOFARM_COMMON_MEDIA_STEREO_SIGNAL_H_

#include "common/base/status.h"
#include "common/media/container.h"
#include "common/media/ffmpeg.h"
#include "common/media/segment.h"

namespace stereofarm {

// Marks the track as packed stereo, where the container can say so.
absl::Status AttachStereoMode(StereoPacking packing, const Container& container, AVStream* stream);

// What a track that was read says of its packing.
StereoPacking StereoModeOf(const AVStream& stream);

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_MEDIA_STEREO_SIGNAL_H_
