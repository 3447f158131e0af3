#ifndef STEREOFARM_COMMON_MEDIA_MEDIA_INFO_H_
#define STEREOFARM_COMMON_MEDIA_MEDIA_INFO_H_

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/timeline/rational.h"

namespace stereofarm {

struct StreamInfo {
  int index = 0;
  std::string type;   // "video", "audio", "subtitle", "data", "attachment"
  std::string codec;  // FFmpeg's short name
  std::string language;
  std::string title;
  bool is_default = false;
};

// Colour as the container and the codec signal it; FFmpeg's names ("bt709", "smpte2084", "tv",
// "left"), "unknown" where nothing is said.
struct ColorInfo {
  std::string primaries = "unknown";
  std::string transfer = "unknown";
  std::string matrix = "unknown";
  std::string range = "unknown";
  std::string chroma_location = "unknown";
  bool has_mastering_display = false;
  bool has_content_light_level = false;
};

// The film's picture track, as FrameReader delivers it: upright, so width and height are after
// rotation.
struct VideoInfo {
  int stream_index = -1;
  std::string codec;
  int width = 0;
  int height = 0;
  Rational sample_aspect_ratio{1, 1};
  int rotation = 0;          // degrees clockwise that FrameReader applies: 0, 90, 180, 270
  bool mirrored = false;     // FrameReader swaps left and right before it rotates
  std::string pixel_format;  // FFmpeg's name of the planar format that FrameReader delivers
  int bits_per_sample = 8;
  bool interlaced = false;
  std::string field_order;  // "progressive", "tt", "bb", …, "unknown"
  Rational average_frame_rate;
  Rational time_base;
  ColorInfo color;
};

struct MediaInfo {
  std::string format;  // FFmpeg's demuxer name
  double duration_seconds = 0;
  VideoInfo video;
  std::vector<StreamInfo> streams;
  int chapters = 0;
  std::map<std::string, std::string> tags;
};

// Opens `path` and tells what is in it. NotFound, PermissionDenied, InvalidArgument (a folder,
// empty, not a film, no picture track, picture of no size) as one sentence that names the file.
absl::StatusOr<MediaInfo> Probe(const std::filesystem::path& path);

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_MEDIA_MEDIA_INFO_H_
