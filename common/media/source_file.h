#ifndef STEREOFARM_COMMON_MEDIA_SOURCE_FILE_H_
#define STEREOFARM_COMMON_MEDIA_SOURCE_FILE_H_

#include <filesystem>

#include "common/base/status.h"
#include "common/media/ffmpeg.h"

namespace stereofarm {

// Opens a media file for reading and finds what its streams are. One sentence that names the file
// on failure: NotFound, PermissionDenied, InvalidArgument (a folder, empty, a play list, not media
// at all). Opens no other file and no network.
absl::StatusOr<InputPtr> OpenSource(const std::filesystem::path& path);

// The number of the stream that is the film's picture: InvalidArgument when there's none, it has no
// size, or this FFmpeg can't decode it.
absl::StatusOr<int> PictureTrack(const AVFormatContext& input, const std::filesystem::path& path);

// An opened decoder of that stream. `threads`: 0 is taken as 1.
absl::StatusOr<CodecContextPtr> OpenDecoder(const AVStream& stream, int threads);

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_MEDIA_SOURCE_FILE_H_
