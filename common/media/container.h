#ifndef STEREOFARM_COMMON_MEDIA_CONTAINER_H_
#define STEREOFARM_COMMON_MEDIA_CONTAINER_H_

#include <filesystem>
#include <string>

#include "common/base/status.h"
#include "common/media/ffmpeg.h"

namespace stereofarm {

// What a film's container can hold. By value; points to FFmpeg's static tables.
struct Container {
  const AVOutputFormat* format = nullptr;
  bool matroska = false;  // .mkv, .webm
  bool webm = false;
  bool mp4_family = false;  // .mp4, .m4v, .mov
  bool quicktime = false;   // .mov

  // Stereo modes of the track are written and read: Matroska, and MP4 proper.
  bool HoldsStereoMode() const;
  bool HoldsChapters() const { return matroska || mp4_family; }
  bool HoldsAttachments() const { return matroska && !webm; }
  bool HoldsCoverArt() const { return HoldsAttachments() || mp4_family; }
  bool Holds(AVCodecID codec) const;
  // What a track that the container doesn't hold is converted to; AV_CODEC_ID_NONE: it can't be.
  AVCodecID SubtitleCodec() const;
  AVCodecID AudioCodec(AVCodecID source) const;
};

// The container that the path's extension names: InvalidArgument for an unknown one.
absl::StatusOr<Container> ContainerOf(const std::filesystem::path& path);

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_MEDIA_CONTAINER_H_
