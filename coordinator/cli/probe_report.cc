#include "coordinator/cli/probe_report.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "coordinator/cli/progress_meter.h"
#include "nlohmann/json.hpp"

namespace stereofarm {
namespace {

using Json = nlohmann::ordered_json;

// Cuts named one by one for people.
constexpr size_t kCutsShown = 12;

std::string RatioText(const Rational& ratio) {
  return absl::StrFormat("%d:%d", ratio.num, ratio.den);
}

bool IsHdr(const ColorInfo& color) {
  return color.transfer == "smpte2084" || color.transfer == "arib-std-b67";
}

// The picture's length: first frame's start to last frame's end.
double Seconds(const FrameIndex& index) {
  if (index.frames.empty()) return 0;
  const int64_t ticks =
      index.frames.back().pts + index.frames.back().duration - index.frames.front().pts;
  return static_cast<double>(ticks) * index.time_base.ToDouble();
}

std::string Line(const std::string& name, const std::string& text) {
  return absl::StrFormat("%-9s %s\n", name, text);
}

std::string ColorText(const VideoInfo& video) {
  const ColorInfo& color = video.color;
  std::string text = absl::StrFormat("%s, %d bits; primaries %s, transfer %s, matrix %s, range %s",
                                     video.pixel_format, video.bits_per_sample, color.primaries,
                                     color.transfer, color.matrix, color.range);
  if (IsHdr(color)) text += "; HDR";
  if (color.has_mastering_display) text += ", mastering display";
  if (color.has_content_light_level) text += ", content light level";
  return text;
}

std::string StreamText(const StreamInfo& stream, int picture) {
  std::string text = absl::StrFormat("%d %s %s", stream.index, stream.type, stream.codec);
  if (!stream.language.empty()) text += " [" + stream.language + "]";
  if (!stream.title.empty()) text += " \"" + stream.title + "\"";
  if (stream.is_default) text += ", default";
  if (stream.index == picture) text += ": the picture";
  return text;
}

std::string CutsText(const ProbedFilm& film) {
  if (film.cuts->empty()) return "1, no cuts";
  std::string text = absl::StrFormat("%d, cuts before frames", film.cuts->size() + 1);
  for (size_t i = 0; i < std::min(film.cuts->size(), kCutsShown); ++i) {
    const int64_t frame = (*film.cuts)[i];
    text +=
        absl::StrFormat("%s %d (%.3f s)", i == 0 ? "" : ",", frame, film.index->SecondsOf(frame));
  }
  if (film.cuts->size() > kCutsShown) {
    text += absl::StrFormat(" and %d more", film.cuts->size() - kCutsShown);
  }
  return text;
}

Json StreamJson(const StreamInfo& stream) {
  return {{"index", stream.index},       {"type", stream.type},   {"codec", stream.codec},
          {"language", stream.language}, {"title", stream.title}, {"default", stream.is_default}};
}

}  // namespace

bool HasVariableFrameRate(const FrameIndex& index) {
  if (index.frames.size() < 3) return false;
  int64_t shortest = INT64_MAX;
  int64_t longest = 0;
  for (size_t i = 1; i < index.frames.size(); ++i) {
    const int64_t step = index.frames[i].pts - index.frames[i - 1].pts;
    shortest = std::min(shortest, step);
    longest = std::max(longest, step);
  }
  return longest - shortest > std::max<int64_t>(1, shortest / 50);
}

std::string ProbeText(const ProbedFilm& film) {
  const VideoInfo& video = film.index->video;
  const FrameIndex& index = *film.index;
  std::string text = Line("film", film.file.string() + " (" + film.media.format + ")");
  const bool variable = HasVariableFrameRate(index);
  const double fps = !variable && video.average_frame_rate.IsKnown()
                         ? video.average_frame_rate.ToDouble()
                         : static_cast<double>(index.frame_count()) / Seconds(index);
  text += Line("frames", absl::StrFormat("%d, %s, %s%.3f fps", index.frame_count(),
                                         DurationText(Seconds(index)),
                                         variable ? "variable frame rate, on average " : "", fps));
  text += Line("time", absl::StrFormat("first frame at %.6f s, time base %d/%d", index.SecondsOf(0),
                                       index.time_base.num, index.time_base.den));
  std::string size = absl::StrFormat("%dx%d, %s", video.width, video.height, video.codec);
  if (video.sample_aspect_ratio != Rational{1, 1}) {
    size += ", pixels " + RatioText(video.sample_aspect_ratio);
  }
  if (video.rotation != 0) size += absl::StrFormat(", turned by %d degrees", video.rotation);
  text += Line("picture", size);
  text += Line("colour", ColorText(video));
  for (const StreamInfo& stream : film.media.streams) {
    text += Line("track", StreamText(stream, video.stream_index));
  }
  text += Line("chapters", absl::StrFormat("%d", film.media.chapters));
  if (film.cuts) text += Line("shots", CutsText(film));
  if (video.interlaced) {
    text += Line("warning",
                 "the picture is interlaced (" + video.field_order +
                     "); its lines are taken as they are, so deinterlace it first for a clean "
                     "second eye");
  }
  return text;
}

std::string ProbeJson(const ProbedFilm& film) {
  const FrameIndex& index = *film.index;
  const VideoInfo& video = index.video;
  Json json;
  json["file"] = film.file.string();
  json["format"] = film.media.format;
  json["frames"] = index.frame_count();
  json["seconds"] = Seconds(index);
  json["time_base"] = {index.time_base.num, index.time_base.den};
  json["variable_frame_rate"] = HasVariableFrameRate(index);
  json["average_frame_rate"] = {video.average_frame_rate.num, video.average_frame_rate.den};
  json["width"] = video.width;
  json["height"] = video.height;
  json["sample_aspect_ratio"] = {video.sample_aspect_ratio.num, video.sample_aspect_ratio.den};
  json["rotation"] = video.rotation;
  json["codec"] = video.codec;
  json["pixel_format"] = video.pixel_format;
  json["bits_per_sample"] = video.bits_per_sample;
  json["interlaced"] = video.interlaced;
  json["field_order"] = video.field_order;
  json["color"] = {{"primaries", video.color.primaries},
                   {"transfer", video.color.transfer},
                   {"matrix", video.color.matrix},
                   {"range", video.color.range},
                   {"chroma_location", video.color.chroma_location},
                   {"hdr", IsHdr(video.color)},
                   {"mastering_display", video.color.has_mastering_display},
                   {"content_light_level", video.color.has_content_light_level}};
  json["picture_stream"] = video.stream_index;
  json["streams"] = Json::array();
  for (const StreamInfo& stream : film.media.streams) {
    json["streams"].push_back(StreamJson(stream));
  }
  json["chapters"] = film.media.chapters;
  json["source_identity"] = index.source_identity;
  if (film.cuts) json["cuts"] = *film.cuts;
  json["pts"] = Json::array();
  for (const IndexedFrame& frame : index.frames) json["pts"].push_back(frame.pts);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace stereofarm
