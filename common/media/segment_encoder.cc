#include "common/media/segment_encoder.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "common/media/encoder_choice.h"
#include "common/media/planar_format.h"
#include "common/media/video_info.h"

namespace stereofarm {
namespace {

constexpr int kDefaultCrf = 18;

// Options of FFmpeg's encoders that the farm sets itself, because segments depend on them.
const char* OwnOption(const std::string& key) {
  for (const char* own : {"threads", "flags", "time_base", "pix_fmt", "pixel_format", "video_size",
                          "aspect", "pass", "passlogfile"}) {
    if (key == own) return own;
  }
  return nullptr;
}

// "a=b:c=d" of x264 and x265. What the user set comes last, so that it wins.
std::string JoinParams(const std::vector<std::string>& own, const std::string& users) {
  std::string joined;
  for (const std::string& part : own) joined += (joined.empty() ? "" : ":") + part;
  if (!users.empty()) joined += (joined.empty() ? "" : ":") + users;
  return joined;
}

void SetX264Options(const EncodedVideo& video, const HdrMetadata& hdr, Dictionary* options) {
  std::vector<std::string> own;
  if (video.packing == StereoPacking::kSideBySide) own.push_back("frame-packing=3");
  if (video.packing == StereoPacking::kTopBottom) own.push_back("frame-packing=4");
  if (const std::string text = MasteringDisplayText(hdr); !text.empty()) {
    own.push_back("mastering-display=" + text);
  }
  if (const std::string text = ContentLightText(hdr); !text.empty()) own.push_back("cll=" + text);
  options->Set("x264-params", JoinParams(own, options->Get("x264-params")));
}

void SetX265Options(const EncoderSettings& settings, const HdrMetadata& hdr, Dictionary* options) {
  // Left to itself x265 takes one thread per core, and its output depends on their number.
  std::vector<std::string> own = {
      absl::StrFormat("pools=%d", std::max(1, settings.threads)),
      absl::StrFormat("frame-threads=%d", std::clamp(settings.threads, 1, 16)), "log-level=none"};
  if (const std::string text = MasteringDisplayText(hdr); !text.empty()) {
    own.push_back("master-display=" + text);
  }
  if (const std::string text = ContentLightText(hdr); !text.empty()) {
    own.push_back("max-cll=" + text);
  }
  options->Set("x265-params", JoinParams(own, options->Get("x265-params")));
}

void SetDefault(const std::string& key, const std::string& value, Dictionary* options) {
  if (!options->Has(key)) options->Set(key, value);
}

void SetCodecDefaults(const AVCodec& codec, const EncodedVideo& video,
                      const EncoderSettings& settings, const HdrMetadata& hdr,
                      Dictionary* options) {
  const std::string name = codec.name;
  if (settings.crf.has_value() && HasOption(codec, "crf")) {
    options->Set("crf", absl::StrFormat("%d", *settings.crf));
  } else if ((name == "libx264" || name == "libx265") && !options->Has("qp") &&
             !options->Has("b") && !options->Has("crf")) {
    options->Set("crf", absl::StrFormat("%d", kDefaultCrf));
  }
  if (name == "libx264" || name == "libx264rgb") {
    SetX264Options(video, hdr, options);
  } else if (name == "libx265") {
    SetX265Options(settings, hdr, options);
  } else if (name == "ffv1") {
    SetDefault("level", "3", options);
    SetDefault("g", "1", options);
    SetDefault("slicecrc", "1", options);
  } else if (name == "mpeg2video" || name == "mpeg4" || name == "mpeg1video") {
    // They close groups of pictures only where they don't look for cuts.
    SetDefault("sc_threshold", "1000000000", options);
  } else if (name == "prores_ks") {
    SetDefault("vendor", "apl0", options);  // what other programs expect
  }
}

void SetColor(const EncodedVideo& video, AVPixelFormat format, AVCodecContext* context) {
  const ColorTags tags = TagsOfColor(video.color);
  context->color_primaries = tags.primaries;
  context->color_trc = tags.transfer;
  context->colorspace = tags.matrix;
  context->color_range = tags.range;
  if (IsRgbFormat(format)) {
    context->colorspace = AVCOL_SPC_RGB;
  } else {
    if (tags.matrix == AVCOL_SPC_RGB) {
      // R, G, B sources encoded as Y, U, V: the matrix that ColorConverter takes then.
      context->colorspace = video.height >= 720 ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
    }
    const AVPixFmtDescriptor* desc = av_pix_fmt_desc_get(format);
    if (desc->log2_chroma_w != 0 || desc->log2_chroma_h != 0) {
      context->chroma_sample_location = tags.chroma_location;
    }
  }
}

}  // namespace

absl::StatusOr<CodecContextPtr> OpenEncoder(const AVCodec& codec, const EncodedVideo& video,
                                            const EncoderSettings& settings, AVPixelFormat format,
                                            const HdrMetadata& hdr) {
  CodecContextPtr context(avcodec_alloc_context3(&codec));
  if (context == nullptr) return absl::ResourceExhaustedError("no memory for an encoder");
  const Rational rate =
      video.frame_rate.num > 0 && video.frame_rate.den > 0 ? video.frame_rate : Rational{25, 1};
  context->width = video.width;
  context->height = video.height;
  context->sample_aspect_ratio = ToAv(video.sample_aspect_ratio);
  context->framerate = ToAv(rate);
  context->time_base = av_inv_q(context->framerate);
  const bool full_range = video.color.range == "pc";
  context->pix_fmt = EncoderInputFormat(codec, format, full_range);
  context->thread_count = std::max(1, settings.threads);
  context->flags |= AV_CODEC_FLAG_BITEXACT | AV_CODEC_FLAG_GLOBAL_HEADER;
  const AVCodecDescriptor* desc = avcodec_descriptor_get(codec.id);
  if (desc == nullptr || (desc->props & AV_CODEC_PROP_INTRA_ONLY) == 0) {
    context->flags |= AV_CODEC_FLAG_CLOSED_GOP;
  }
  SetColor(video, format, context.get());

  Dictionary options;
  for (const auto& [key, value] : settings.options) {
    if (const char* own = OwnOption(key); own != nullptr) {
      return absl::InvalidArgumentError(
          absl::StrFormat("--set: '%s' is not for you to set: the farm does it", own));
    }
    options.Set(key, value);
  }
  SetCodecDefaults(codec, video, settings, hdr, &options);
  const int error = avcodec_open2(context.get(), &codec, options.pointer());
  if (error < 0) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%s refuses these settings (%dx%d, %s, --set, --crf): %s", settings.codec, video.width,
        video.height, av_get_pix_fmt_name(format), AvErrorText(error)));
  }
  if (const std::string unknown = options.AnyKey(); !unknown.empty()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("--set: %s has no option '%s'; 'ffmpeg -h encoder=%s' lists them",
                        settings.codec, unknown, codec.name));
  }
  return context;
}

absl::Status CheckEncoder(const EncoderSettings& settings) {
  SF_ASSIGN_OR_RETURN(const AVCodec* codec, FindEncoder(settings.codec));
  SF_ASSIGN_OR_RETURN(const AVPixelFormat format,
                      ChooseFormat(*codec, settings, AV_PIX_FMT_YUV420P));
  if (settings.threads < 0) return absl::InvalidArgumentError("encoder threads cannot be negative");
  if (settings.crf.has_value()) {
    if (*settings.crf < 0 || *settings.crf > 63) {
      return absl::InvalidArgumentError(
          absl::StrFormat("--crf: %d is not from 0 to 51", *settings.crf));
    }
    if (!HasOption(*codec, "crf")) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "--crf: %s has no such setting; leave it out and use --set", settings.codec));
    }
  }
  EncodedVideo trial;
  trial.width = 640;
  trial.height = 384;
  return OpenEncoder(*codec, trial, settings, format, HdrMetadata()).status();
}

}  // namespace stereofarm
