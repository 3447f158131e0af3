#ifndef STEREOFARM_COMMON_MEDIA_SEGMENT_ENCODER_H_
#define STEREOFARM_COMMON_MEDIA_SEGMENT_ENCODER_H_

#include "common/base/status.h"
#include "common/media/ffmpeg.h"
#include "common/media/hdr_metadata.h"
#include "common/media/segment.h"

namespace stereofarm {

// An opened encoder for segments of `video`: closed groups of pictures, headers out of band,
// nothing in its output that depends on the machine. InvalidArgument names the option that the
// encoder doesn't know or refuses.
absl::StatusOr<CodecContextPtr> OpenEncoder(const AVCodec& codec, const EncodedVideo& video,
                                            const EncoderSettings& settings, AVPixelFormat format,
                                            const HdrMetadata& hdr);

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_MEDIA_SEGMENT_ENCODER_H_
