#ifndef STEREOFARM_COMMON_MEDIA_SUBTITLE_CONVERTER_H_
#define STEREOFARM_COMMON_MEDIA_SUBTITLE_CONVERTER_H_

#include <memory>

#include "common/base/status.h"
#include "common/media/track_copier.h"

namespace stereofarm {

// Converts a text subtitle track to another text codec. Fills `parameters` for the output track.
// InvalidArgument when there's no such conversion.
absl::StatusOr<std::unique_ptr<TrackConverter>> NewSubtitleConverter(const AVStream& source,
                                                                     AVCodecID codec,
                                                                     AVCodecParameters* parameters);

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_MEDIA_SUBTITLE_CONVERTER_H_
