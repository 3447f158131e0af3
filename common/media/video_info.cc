#include "common/media/video_info.h"

#include <utility>

#include "absl/strings/str_format.h"
#include "common/media/hdr_metadata.h"
#include "common/media/orientation.h"
#include "common/media/planar_format.h"

namespace stereofarm {
namespace {

std::string NameOr(const char* name) { return name == nullptr ? "unknown" : name; }

// "bt470bg" and its like parse back; FFmpeg's parsers return a negative number for unknown names.
template <typename Enum>
Enum ParsedOr(int value, Enum unspecified) {
  return value < 0 ? unspecified : static_cast<Enum>(value);
}

const char* FieldOrderName(AVFieldOrder order) {
  switch (order) {
    case AV_FIELD_PROGRESSIVE:
      return "progressive";
    case AV_FIELD_TT:
      return "tt";
    case AV_FIELD_BB:
      return "bb";
    case AV_FIELD_TB:
      return "tb";
    case AV_FIELD_BT:
      return "bt";
    default:
      return "unknown";
  }
}

// Where chroma stands once the picture is turned.
std::string TurnedChromaLocation(const std::string& location, const Orientation& orientation) {
  if (orientation.IsUpright() || location == "center" || location == "unknown") return location;
  if (location == "left" && !orientation.mirrored && orientation.rotation == 90) return "top";
  if (location == "left" && !orientation.mirrored && orientation.rotation == 270) return "bottom";
  return "unknown";
}

ColorInfo ColorOf(const AVCodecParameters& codec) {
  ColorInfo color;
  color.primaries = NameOr(av_color_primaries_name(codec.color_primaries));
  color.transfer = NameOr(av_color_transfer_name(codec.color_trc));
  color.matrix = NameOr(av_color_space_name(codec.color_space));
  color.range = NameOr(av_color_range_name(codec.color_range));
  color.chroma_location = NameOr(av_chroma_location_name(codec.chroma_location));
  for (std::string* name :
       {&color.primaries, &color.transfer, &color.matrix, &color.range, &color.chroma_location}) {
    if (*name == "unspecified" || *name == "reserved") *name = "unknown";
  }
  if (IsFullRangeFormat(static_cast<AVPixelFormat>(codec.format))) color.range = "pc";
  return color;
}

}  // namespace

ColorTags TagsOfColor(const ColorInfo& color) {
  ColorTags tags;
  tags.primaries =
      ParsedOr(av_color_primaries_from_name(color.primaries.c_str()), AVCOL_PRI_UNSPECIFIED);
  tags.transfer =
      ParsedOr(av_color_transfer_from_name(color.transfer.c_str()), AVCOL_TRC_UNSPECIFIED);
  tags.matrix = ParsedOr(av_color_space_from_name(color.matrix.c_str()), AVCOL_SPC_UNSPECIFIED);
  tags.range = ParsedOr(av_color_range_from_name(color.range.c_str()), AVCOL_RANGE_UNSPECIFIED);
  tags.chroma_location = ParsedOr(av_chroma_location_from_name(color.chroma_location.c_str()),
                                  AVCHROMA_LOC_UNSPECIFIED);
  return tags;
}

absl::StatusOr<VideoInfo> DescribePicture(const AVFormatContext& input, int stream_index,
                                          const std::filesystem::path& path) {
  AVStream* stream = input.streams[stream_index];
  const AVCodecParameters& codec = *stream->codecpar;
  const auto coded_format = static_cast<AVPixelFormat>(codec.format);
  const AVPixelFormat planar = PlanarFormatOf(coded_format);
  if (planar == AV_PIX_FMT_NONE) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s has pictures of a format that cannot be read: %s", path.string(),
                        NameOr(av_get_pix_fmt_name(coded_format))));
  }
  const Orientation orientation = OrientationOf(*stream);
  VideoInfo video;
  video.stream_index = stream_index;
  video.codec = avcodec_get_name(codec.codec_id);
  video.width = codec.width;
  video.height = codec.height;
  const AVRational sar =
      av_guess_sample_aspect_ratio(const_cast<AVFormatContext*>(&input), stream, nullptr);
  if (sar.num > 0 && sar.den > 0) video.sample_aspect_ratio = FromAv(sar);
  if (orientation.SwapsSides()) {
    std::swap(video.width, video.height);
    std::swap(video.sample_aspect_ratio.num, video.sample_aspect_ratio.den);
  }
  video.rotation = orientation.rotation;
  video.mirrored = orientation.mirrored;
  const AVPixelFormat upright = UprightFormat(planar, orientation);
  video.pixel_format = NameOr(av_get_pix_fmt_name(upright));
  video.bits_per_sample = SampleBits(upright);
  video.field_order = FieldOrderName(codec.field_order);
  video.interlaced =
      codec.field_order != AV_FIELD_UNKNOWN && codec.field_order != AV_FIELD_PROGRESSIVE;
  const AVRational rate =
      stream->avg_frame_rate.num > 0 ? stream->avg_frame_rate : stream->r_frame_rate;
  video.average_frame_rate = FromAv(rate);
  video.time_base = FromAv(stream->time_base);
  video.color = ColorOf(codec);
  video.color.chroma_location = TurnedChromaLocation(video.color.chroma_location, orientation);
  SF_ASSIGN_OR_RETURN(const HdrMetadata hdr, HdrMetadataOf(*stream, path));
  video.color.has_mastering_display = hdr.mastering != nullptr;
  video.color.has_content_light_level = hdr.light != nullptr;
  return video;
}

}  // namespace stereofarm
