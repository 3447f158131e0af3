#include "common/media/media_info.h"

#include <algorithm>

#include "common/media/ffmpeg.h"
#include "common/media/source_file.h"
#include "common/media/video_info.h"

namespace stereofarm {
namespace {

std::string TypeName(const AVStream& stream) {
  const char* name = av_get_media_type_string(stream.codecpar->codec_type);
  return name == nullptr ? "unknown" : name;
}

double DurationOf(const AVFormatContext& input, const AVStream& picture) {
  if (input.duration > 0) return static_cast<double>(input.duration) / AV_TIME_BASE;
  if (picture.duration > 0) {
    return static_cast<double>(picture.duration) * FromAv(picture.time_base).ToDouble();
  }
  return 0;
}

}  // namespace

absl::StatusOr<MediaInfo> Probe(const std::filesystem::path& path) {
  SF_ASSIGN_OR_RETURN(const InputPtr input, OpenSource(path));
  SF_ASSIGN_OR_RETURN(const int picture, PictureTrack(*input, path));
  MediaInfo info;
  SF_ASSIGN_OR_RETURN(info.video, DescribePicture(*input, picture, path));
  info.format = input->iformat->name;
  info.duration_seconds = DurationOf(*input, *input->streams[picture]);
  for (unsigned i = 0; i < input->nb_streams; ++i) {
    const AVStream& stream = *input->streams[i];
    StreamInfo track;
    track.index = static_cast<int>(i);
    track.type = TypeName(stream);
    track.codec = avcodec_get_name(stream.codecpar->codec_id);
    track.language = TagOf(stream.metadata, "language");
    track.title = TagOf(stream.metadata, "title");
    track.is_default = (stream.disposition & AV_DISPOSITION_DEFAULT) != 0;
    info.streams.push_back(std::move(track));
  }
  info.chapters = static_cast<int>(input->nb_chapters);
  info.tags = TagsOf(input->metadata);
  return info;
}

}  // namespace stereofarm
