#include "common/media/container.h"

#include <cstring>

#include "absl/strings/str_format.h"
#include "common/media/encoder_choice.h"
#include "common/media/film_writer.h"

namespace stereofarm {

bool Container::HoldsStereoMode() const {
  return matroska || std::strcmp(format->name, "mp4") == 0;
}

bool Container::Holds(AVCodecID codec) const {
  switch (codec) {
    // The muxer lists these for all of its family and then takes them for MP4 alone.
    case AV_CODEC_ID_VP8:
    case AV_CODEC_ID_VP9:
    case AV_CODEC_ID_AV1:
    case AV_CODEC_ID_OPUS:
    case AV_CODEC_ID_FLAC:
    case AV_CODEC_ID_TRUEHD:
      if (mp4_family && std::strcmp(format->name, "mp4") != 0) return false;
      break;
    default:
      break;
  }
  return avformat_query_codec(format, codec, FF_COMPLIANCE_EXPERIMENTAL) == 1;
}

AVCodecID Container::SubtitleCodec() const {
  if (webm) return AV_CODEC_ID_WEBVTT;
  if (matroska) return AV_CODEC_ID_SUBRIP;
  if (mp4_family) return AV_CODEC_ID_MOV_TEXT;
  return AV_CODEC_ID_NONE;
}

AVCodecID Container::AudioCodec(AVCodecID source) const {
  if (webm) return AV_CODEC_ID_OPUS;
  if (quicktime) {
    const AVCodecDescriptor* desc = avcodec_descriptor_get(source);
    const bool lossy = desc != nullptr && (desc->props & AV_CODEC_PROP_LOSSLESS) == 0;
    return lossy ? AV_CODEC_ID_AAC : AV_CODEC_ID_PCM_S24LE;
  }
  if (mp4_family) return AV_CODEC_ID_AAC;
  return format->audio_codec;
}

absl::StatusOr<Container> ContainerOf(const std::filesystem::path& path) {
  QuietFfmpeg();
  const std::string extension = path.extension().string();
  const std::string name = "film" + extension;
  Container container;
  if (!extension.empty()) container.format = av_guess_format(nullptr, name.c_str(), nullptr);
  if (container.format == nullptr || (container.format->flags & AVFMT_NOFILE) != 0 ||
      container.format->video_codec == AV_CODEC_ID_NONE) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%s does not end in the name of a film container; use .mkv, .mp4 or .mov", path.string()));
  }
  const std::string format = container.format->name;
  container.webm = format == "webm";
  container.matroska = container.webm || format == "matroska";
  container.quicktime = format == "mov";
  container.mp4_family = container.quicktime || format == "mp4" || format == "ipod";
  return container;
}

absl::Status CheckContainer(const std::filesystem::path& output, const std::string& codec) {
  SF_ASSIGN_OR_RETURN(const Container container, ContainerOf(output));
  SF_ASSIGN_OR_RETURN(const AVCodec* encoder, FindEncoder(codec));
  if (!container.Holds(encoder->id)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s cannot hold %s pictures; use .mkv, or another --codec", output.string(),
                        avcodec_get_name(encoder->id)));
  }
  return absl::OkStatus();
}

}  // namespace stereofarm
