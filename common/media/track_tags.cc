#include "common/media/track_tags.h"

#include <strings.h>

#include <algorithm>
#include <string>

#include "common/media/film_fingerprint.h"

namespace stereofarm {
namespace {

bool IsOneOf(const std::string& key, std::initializer_list<const char*> names) {
  return std::any_of(names.begin(), names.end(),
                     [&](const char* name) { return strcasecmp(key.c_str(), name) == 0; });
}

// Said of the source's file, not of the film.
bool IsAboutTheFile(const std::string& key) {
  return IsOneOf(key, {"encoder", "major_brand", "minor_version", "compatible_brands", "duration",
                       "number_of_frames", "number_of_bytes", "bps", "rotate", "source_id",
                       kFingerprintTag, "vendor_id"}) ||
         key.rfind("_STATISTICS", 0) == 0 || key.rfind("NUMBER_OF_", 0) == 0 ||
         key.rfind("DURATION-", 0) == 0 || key.rfind("BPS-", 0) == 0;
}

void CopyTags(const AVDictionary* from, AVDictionary** to) {
  for (const auto& [key, value] : TagsOf(from)) {
    if (!IsAboutTheFile(key)) av_dict_set(to, key.c_str(), value.c_str(), 0);
  }
}

}  // namespace

void CopyTrackTags(const AVStream& source, AVStream* target) {
  CopyTags(source.metadata, &target->metadata);
}

void CopyFilmTags(const AVFormatContext& source, const TimeWindow& window,
                  AVFormatContext* target) {
  CopyTags(source.metadata, &target->metadata);
  // A timecode is that of the source's first frame.
  if (window.begin != INT64_MIN) av_dict_set(&target->metadata, "timecode", nullptr, 0);
}

bool NeedsFreeTags(const AVFormatContext& film) {
  for (const auto& [key, value] : TagsOf(film.metadata)) {
    const std::string base = key.substr(0, key.find('-'));
    if (!IsOneOf(base, {"title",        "artist",        "author",
                        "album_artist", "composer",      "album",
                        "date",         "comment",       "genre",
                        "copyright",    "grouping",      "lyrics",
                        "description",  "synopsis",      "show",
                        "episode_id",   "network",       "keywords",
                        "compilation",  "creation_time", "track",
                        "disc",         "season_number", "episode_sort",
                        "media_type",   "hd_video",      "gapless_playback",
                        "timecode"})) {
      return true;
    }
  }
  return false;
}

absl::Status CopyChapters(const AVFormatContext& source, const TimeWindow& window,
                          AVFormatContext* target) {
  if (source.nb_chapters == 0) return absl::OkStatus();
  target->chapters =
      static_cast<AVChapter**>(av_calloc(source.nb_chapters, sizeof(*target->chapters)));
  if (target->chapters == nullptr) return absl::ResourceExhaustedError("no memory for chapters");
  for (unsigned i = 0; i < source.nb_chapters; ++i) {
    const AVChapter& chapter = *source.chapters[i];
    int64_t start = chapter.start;
    int64_t end = chapter.end;
    if (window.begin != INT64_MIN) {
      start = std::max(start, av_rescale_q(window.begin, window.time_base, chapter.time_base));
    }
    if (window.end != INT64_MAX) {
      end = std::min(end, av_rescale_q(window.end, window.time_base, chapter.time_base));
    }
    if (start >= end) continue;
    auto* copy = static_cast<AVChapter*>(av_mallocz(sizeof(AVChapter)));
    if (copy == nullptr) return absl::ResourceExhaustedError("no memory for chapters");
    const int64_t shift = av_rescale_q(window.shift, window.time_base, chapter.time_base);
    copy->id = chapter.id;
    copy->time_base = chapter.time_base;
    copy->start = start + shift;
    copy->end = end + shift;
    av_dict_copy(&copy->metadata, chapter.metadata, 0);
    target->chapters[target->nb_chapters++] = copy;
  }
  return absl::OkStatus();
}

}  // namespace stereofarm
