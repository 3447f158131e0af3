#include "common/media/encoder_choice.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "common/media/planar_format.h"

namespace stereofarm {
namespace {

// yuv420p for yuvj420p, others as they are.
AVPixelFormat WithoutRange(AVPixelFormat format) {
  switch (format) {
    case AV_PIX_FMT_YUVJ420P:
      return AV_PIX_FMT_YUV420P;
    case AV_PIX_FMT_YUVJ422P:
      return AV_PIX_FMT_YUV422P;
    case AV_PIX_FMT_YUVJ444P:
      return AV_PIX_FMT_YUV444P;
    case AV_PIX_FMT_YUVJ440P:
      return AV_PIX_FMT_YUV440P;
    case AV_PIX_FMT_YUVJ411P:
      return AV_PIX_FMT_YUV411P;
    default:
      return format;
  }
}

std::vector<AVPixelFormat> PlanarFormats(const AVCodec& codec) {
  std::vector<AVPixelFormat> formats;
  for (const AVPixelFormat* p = codec.pix_fmts; p != nullptr && *p != AV_PIX_FMT_NONE; ++p) {
    const AVPixelFormat format = WithoutRange(*p);
    if (!IsPlanarFormat(format)) continue;
    if (std::find(formats.begin(), formats.end(), format) == formats.end()) {
      formats.push_back(format);
    }
  }
  return formats;
}

std::string NamesOf(const std::vector<AVPixelFormat>& formats) {
  std::string names;
  for (const AVPixelFormat format : formats) {
    if (!names.empty()) names += ", ";
    names += av_get_pix_fmt_name(format);
  }
  return names;
}

}  // namespace

absl::StatusOr<const AVCodec*> FindEncoder(const std::string& codec) {
  QuietFfmpeg();
  const std::string name = codec == "prores" ? "prores_ks" : codec;
  const AVCodec* encoder = avcodec_find_encoder_by_name(name.c_str());
  if (encoder == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrFormat("--codec: '%s' is not an encoder of this FFmpeg; try libx264, libx265, "
                        "prores or ffv1",
                        codec));
  }
  if (encoder->type != AVMEDIA_TYPE_VIDEO) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "--codec: '%s' does not encode pictures; try libx264, libx265, prores or ffv1", codec));
  }
  if (encoder->pix_fmts != nullptr && PlanarFormats(*encoder).empty()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("--codec: '%s' takes no planar pictures; try libx264, libx265, prores or "
                        "ffv1",
                        codec));
  }
  return encoder;
}

bool HasOption(const AVCodec& codec, const std::string& option) {
  return codec.priv_class != nullptr &&
         av_opt_find(const_cast<const AVClass**>(&codec.priv_class), option.c_str(), nullptr, 0,
                     AV_OPT_SEARCH_FAKE_OBJ) != nullptr;
}

absl::StatusOr<AVPixelFormat> ChooseFormat(const AVCodec& codec, const EncoderSettings& settings,
                                           AVPixelFormat source_format) {
  const std::vector<AVPixelFormat> formats = PlanarFormats(codec);
  if (!settings.pixel_format.empty()) {
    const AVPixelFormat wanted = av_get_pix_fmt(settings.pixel_format.c_str());
    if (wanted == AV_PIX_FMT_NONE) {
      return absl::InvalidArgumentError(
          absl::StrFormat("--pix-fmt: '%s' is not a pixel format; %s takes %s",
                          settings.pixel_format, settings.codec, NamesOf(formats)));
    }
    if (!IsPlanarFormat(wanted) ||
        (!formats.empty() && std::find(formats.begin(), formats.end(), wanted) == formats.end())) {
      return absl::InvalidArgumentError(
          absl::StrFormat("--pix-fmt: %s does not take '%s'; it takes %s", settings.codec,
                          settings.pixel_format, NamesOf(formats)));
    }
    return wanted;
  }
  const AVPixelFormat source = PlanarFormatOf(source_format);
  if (source == AV_PIX_FMT_NONE) {
    return absl::InvalidArgumentError("the source's pixel format cannot be encoded");
  }
  if (formats.empty() || std::find(formats.begin(), formats.end(), source) != formats.end()) {
    return source;
  }
  std::vector<AVPixelFormat> list = formats;
  list.push_back(AV_PIX_FMT_NONE);
  return avcodec_find_best_pix_fmt_of_list(list.data(), source, 0, nullptr);
}

AVPixelFormat EncoderInputFormat(const AVCodec& codec, AVPixelFormat planar, bool full_range) {
  AVPixelFormat named = AV_PIX_FMT_NONE;
  for (const AVPixelFormat* p = codec.pix_fmts; p != nullptr && *p != AV_PIX_FMT_NONE; ++p) {
    if (*p == planar && !(full_range && codec.id == AV_CODEC_ID_MJPEG)) return planar;
    if (WithoutRange(*p) == planar) named = *p;
  }
  return named == AV_PIX_FMT_NONE ? planar : named;
}

absl::StatusOr<std::string> EncoderPixelFormat(const EncoderSettings& settings,
                                               const std::string& source_format) {
  SF_ASSIGN_OR_RETURN(const AVCodec* codec, FindEncoder(settings.codec));
  const AVPixelFormat source = av_get_pix_fmt(source_format.c_str());
  if (source == AV_PIX_FMT_NONE) {
    return absl::InvalidArgumentError(absl::StrFormat("'%s' is not a pixel format", source_format));
  }
  SF_ASSIGN_OR_RETURN(const AVPixelFormat format, ChooseFormat(*codec, settings, source));
  return std::string(av_get_pix_fmt_name(format));
}

}  // namespace stereofarm
