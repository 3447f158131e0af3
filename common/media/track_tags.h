#ifndef STEREOFARM_COMMON_MEDIA_TRACK_TAGS_H_
#define STEREOFARM_COMMON_MEDIA_TRACK_TAGS_H_

#include "common/base/status.h"
#include "common/media/ffmpeg.h"
#include "common/media/track_copier.h"

namespace stereofarm {

// Tags of a track, but for those that describe how the source's own file was written.
void CopyTrackTags(const AVStream& source, AVStream* target);

// The same of the film; the timecode only where the film begins with the source.
void CopyFilmTags(const AVFormatContext& source, const TimeWindow& window, AVFormatContext* target);
// Whether the film has a tag that MP4 has no place of its own for.
bool NeedsFreeTags(const AVFormatContext& film);

// Chapters that lie in the window, cut to it and shifted.
absl::Status CopyChapters(const AVFormatContext& source, const TimeWindow& window,
                          AVFormatContext* target);

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_MEDIA_TRACK_TAGS_H_
