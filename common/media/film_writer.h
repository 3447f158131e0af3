#ifndef STEREOFARM_COMMON_MEDIA_FILM_WRITER_H_
#define STEREOFARM_COMMON_MEDIA_FILM_WRITER_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/media/frame_index.h"
#include "common/media/segment.h"
#include "common/timeline/frame_range.h"

namespace stereofarm {

struct FilmPlan {
  std::filesystem::path source;
  std::filesystem::path output;                 // its extension chooses the container
  std::vector<std::filesystem::path> segments;  // in film order; their frames tile `range`
  FrameRange range;  // of the film; all of it unless a part was asked for
  StereoPacking packing = StereoPacking::kNone;
  Rational sample_aspect_ratio{1, 1};
  // Identity of the job that makes the film; written into it so that ReadFilmFingerprint finds it.
  // Empty: none.
  std::string fingerprint;
};

struct FilmResult {
  int64_t frames = 0;
  // One sentence each for what the container couldn't hold: a track converted or left out.
  std::vector<std::string> remarks;
};

// Joins segments without encoding again, gives every frame the source's PTS, copies every audio
// track, subtitle, attachment, chapter and tag of the source (converted where the container can't
// hold it, with a remark; with a partial range, the part that belongs to it), writes the stereo
// signalling, then opens the result, reads signalling, frame count and PTS back and compares.
// Writes to `output` itself: callers that must not leave half a film pass a temporary name of the
// same extension. `progress` (may be empty) gets the share done, returns false to stop (Cancelled).
absl::StatusOr<FilmResult> WriteFilm(const FilmPlan& plan, const FrameIndex& index,
                                     const std::function<bool(double)>& progress);

// The fingerprint that WriteFilm put into the film's tags (Matroska, MP4 and MOV alike); empty when
// there is none.
absl::StatusOr<std::string> ReadFilmFingerprint(const std::filesystem::path& film);

// InvalidArgument when the container that `output`'s extension names is unknown or can't hold the
// codec.
absl::Status CheckContainer(const std::filesystem::path& output, const std::string& codec);

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_MEDIA_FILM_WRITER_H_
