#ifndef STEREOFARM_COMMON_MEDIA_ENCODER_CHOICE_H_
#define STEREOFARM_COMMON_MEDIA_ENCODER_CHOICE_H_

#include <string>

#include "common/base/status.h"
#include "common/media/ffmpeg.h"
#include "common/media/segment.h"

namespace stereofarm {

// The encoder that --codec names ("prores" means prores_ks): InvalidArgument names what there is.
absl::StatusOr<const AVCodec*> FindEncoder(const std::string& codec);

// Whether the encoder has a private option of that name.
bool HasOption(const AVCodec& codec, const std::string& option);

// The format to encode in: the one asked for, else the nearest to `source_format` that the encoder
// takes.
absl::StatusOr<AVPixelFormat> ChooseFormat(const AVCodec& codec, const EncoderSettings& settings,
                                           AVPixelFormat source_format);

// What the encoder has to be given for a planar format: yuvj420p where it insists on that.
AVPixelFormat EncoderInputFormat(const AVCodec& codec, AVPixelFormat planar, bool full_range);

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_MEDIA_ENCODER_CHOICE_H_
