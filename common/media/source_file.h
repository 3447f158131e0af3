#ifndef STEREOFARM_COMMON_MEDIA_SOURCE_FILE_H_
#define STEREOFARM_COMMON_MEDIA_SOURCE_FILE_H_

#include <filesystem>

#include "common/base/status.h"
#include "common/media/ffmpeg.h"
#include "common/media/film_file.h"

namespace stereofarm {

// Opens a media file for reading and finds what its streams are. One sentence that names the file
// on failure: NotFound, PermissionDenied, InvalidArgument (a folder, empty, a play list, not media
// at all). Opens no other file and no network. Errors of a film's own `bytes` as they are.
absl::StatusOr<InputPtr> OpenSource(const FilmFile& film);

// Why the film's own `bytes` couldn't be read on; to be asked where FFmpeg says that nothing comes
// any more. OK: that was the end.
absl::Status ReadError(const InputPtr& input);

// The number of the stream that is the film's picture: InvalidArgument when there's none, it has no
// size, or this FFmpeg can't decode it.
absl::StatusOr<int> PictureTrack(const AVFormatContext& input, const std::filesystem::path& path);

// An opened decoder of that stream. `threads`: 0 is taken as 1.
absl::StatusOr<CodecContextPtr> OpenDecoder(const AVStream& stream, int threads);

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_MEDIA_SOURCE_FILE_H_
