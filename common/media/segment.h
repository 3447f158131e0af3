#ifndef STEREOFARM_COMMON_MEDIA_SEGMENT_H_
#define STEREOFARM_COMMON_MEDIA_SEGMENT_H_

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "common/base/status.h"
#include "common/media/film_file.h"
#include "common/media/media_info.h"
#include "common/media/picture.h"

namespace stereofarm {

// How segments are encoded; part of a job's settings, never read off the machine.
struct EncoderSettings {
  std::string codec = "libx264";
  std::optional<int> crf;    // where the codec has one
  std::string pixel_format;  // empty: the source's, or the nearest that the codec takes
  std::map<std::string, std::string> options;  // FFmpeg's encoder options: preset, profile, …
  int threads = 1;
};

// Packing of two eyes into one picture, as containers and codecs signal it.
enum class StereoPacking { kNone, kSideBySide, kTopBottom };

// What the encoder must know of the packed film.
struct EncodedVideo {
  int width = 0;
  int height = 0;
  Rational sample_aspect_ratio{1, 1};
  Rational frame_rate{24, 1};  // nominal, for rate control
  ColorInfo color;
  StereoPacking packing = StereoPacking::kNone;
};

// Checks codec, options and pixel format without encoding: InvalidArgument names the option and
// what the codec offers.
absl::Status CheckEncoder(const EncoderSettings& settings);

// The pixel format that a segment of `settings` will have for a source of `source_format`.
absl::StatusOr<std::string> EncoderPixelFormat(const EncoderSettings& settings,
                                               const std::string& source_format);

// File name extension of segments of this codec ("mov").
std::string SegmentExtension(const std::string& codec);

// Encodes one shard's frames into a file of its own that begins with a key frame and refers to no
// frame outside. Frame i of the segment has timestamp i. The same frames and settings give the same
// bytes.
class SegmentWriter {
 public:
  virtual ~SegmentWriter() = default;
  // `source`: the film, whose HDR side data (mastering display, light level) is passed on; may be
  // empty.
  static absl::StatusOr<std::unique_ptr<SegmentWriter>> Create(const std::filesystem::path& path,
                                                               const EncodedVideo& video,
                                                               const EncoderSettings& settings,
                                                               const FilmFile& source);
  // Picture of `video`'s size, all of one format that EncoderPixelFormat gives.
  virtual absl::Status Add(const Picture& picture) = 0;
  // Flushes, closes and syncs the file: InvalidArgument when nothing was added. Without it the
  // destructor removes the file.
  virtual absl::Status Finish() = 0;
};

// Frames in a finished segment, each with timestamp i: DataLoss when it isn't so. Packets only.
absl::StatusOr<int64_t> CheckSegment(const std::filesystem::path& path);

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_MEDIA_SEGMENT_H_
