#ifndef STEREOFARM_COMMON_MEDIA_AUDIO_CONVERTER_H_
#define STEREOFARM_COMMON_MEDIA_AUDIO_CONVERTER_H_

#include <memory>

#include "common/base/status.h"
#include "common/media/track_copier.h"

namespace stereofarm {

// Decodes an audio track and encodes it again with the default encoder of `codec`: same channels,
// same rate where the encoder has it. Fills `parameters` for the output track. InvalidArgument when
// there's no such conversion.
absl::StatusOr<std::unique_ptr<TrackConverter>> NewAudioConverter(const AVStream& source,
                                                                  AVCodecID codec,
                                                                  AVCodecParameters* parameters);

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_MEDIA_AUDIO_CONVERTER_H_
