#ifndef STEREOFARM_COMMON_MEDIA_VIDEO_INFO_H_
#define STEREOFARM_COMMON_MEDIA_VIDEO_INFO_H_

#include <filesystem>

#include "common/base/status.h"
#include "common/media/ffmpeg.h"
#include "common/media/media_info.h"

namespace stereofarm {

// What the picture track `stream_index` of an opened file holds, as FrameReader will deliver it.
absl::StatusOr<VideoInfo> DescribePicture(const AVFormatContext& input, int stream_index,
                                          const std::filesystem::path& path);

// The enumerators that a ColorInfo's names stand for; unspecified where it says "unknown".
struct ColorTags {
  AVColorPrimaries primaries = AVCOL_PRI_UNSPECIFIED;
  AVColorTransferCharacteristic transfer = AVCOL_TRC_UNSPECIFIED;
  AVColorSpace matrix = AVCOL_SPC_UNSPECIFIED;
  AVColorRange range = AVCOL_RANGE_UNSPECIFIED;
  AVChromaLocation chroma_location = AVCHROMA_LOC_UNSPECIFIED;
};
ColorTags TagsOfColor(const ColorInfo& color);

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_MEDIA_VIDEO_INFO_H_
