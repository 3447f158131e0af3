#include "common/media/planar_format.h"

#include <algorithm>

#include "absl/strings/str_format.h"

namespace stereofarm {
namespace {

struct Layout {
  bool rgb = false;
  int components = 0;  // without alpha
  int log2_w = 0;
  int log2_h = 0;
  int depth = 0;
};

Layout LayoutOf(const AVPixFmtDescriptor& desc) {
  Layout layout;
  const bool alpha = (desc.flags & AV_PIX_FMT_FLAG_ALPHA) != 0;
  layout.components = desc.nb_components - (alpha && desc.nb_components > 1 ? 1 : 0);
  layout.rgb = (desc.flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL)) != 0;
  if ((desc.flags & AV_PIX_FMT_FLAG_PAL) != 0) layout.components = 3;
  layout.log2_w = desc.log2_chroma_w;
  layout.log2_h = desc.log2_chroma_h;
  for (int i = 0; i < desc.nb_components; ++i) {
    layout.depth = std::max(layout.depth, desc.comp[i].depth);
  }
  return layout;
}

bool SameLayout(const Layout& a, const Layout& b) {
  return a.rgb == b.rgb && a.components == b.components && a.log2_w == b.log2_w &&
         a.log2_h == b.log2_h;
}

}  // namespace

bool IsFullRangeFormat(AVPixelFormat format) {
  switch (format) {
    case AV_PIX_FMT_YUVJ420P:
    case AV_PIX_FMT_YUVJ422P:
    case AV_PIX_FMT_YUVJ444P:
    case AV_PIX_FMT_YUVJ440P:
    case AV_PIX_FMT_YUVJ411P:
      return true;
    default:
      return false;
  }
}

bool IsPlanarFormat(AVPixelFormat format) {
  const AVPixFmtDescriptor* desc = av_pix_fmt_desc_get(format);
  if (desc == nullptr || IsFullRangeFormat(format)) return false;
  constexpr uint64_t kRefused = AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BITSTREAM |
                                AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_ALPHA |
                                AV_PIX_FMT_FLAG_FLOAT | AV_PIX_FMT_FLAG_BAYER | AV_PIX_FMT_FLAG_BE;
  if ((desc->flags & kRefused) != 0) return false;
  if (desc->nb_components != 1 && desc->nb_components != 3) return false;
  const int depth = desc->comp[0].depth;
  if (depth < 8 || depth > 16) return false;
  const int bytes = depth > 8 ? 2 : 1;
  unsigned planes = 0;
  for (int i = 0; i < desc->nb_components; ++i) {
    const AVComponentDescriptor& component = desc->comp[i];
    if (component.step != bytes || component.offset != 0 || component.shift != 0) return false;
    if (component.depth != depth || (planes & (1u << component.plane)) != 0) return false;
    planes |= 1u << component.plane;
  }
  return true;
}

AVPixelFormat PlanarFormatOf(AVPixelFormat format) {
  if (IsPlanarFormat(format)) return format;
  const AVPixFmtDescriptor* desc = av_pix_fmt_desc_get(format);
  if (desc == nullptr || (desc->flags & AV_PIX_FMT_FLAG_HWACCEL) != 0) return AV_PIX_FMT_NONE;
  Layout wanted = LayoutOf(*desc);
  if (format == AV_PIX_FMT_XYZ12LE || format == AV_PIX_FMT_XYZ12BE) wanted.rgb = true;
  if ((desc->flags & AV_PIX_FMT_FLAG_BAYER) != 0) {
    wanted.rgb = true;
    wanted.components = 3;
  }
  if ((desc->flags & AV_PIX_FMT_FLAG_FLOAT) != 0) wanted.depth = 16;
  wanted.depth = std::max(8, wanted.depth);
  AVPixelFormat best = AV_PIX_FMT_NONE;
  int best_depth = 17;
  const AVPixFmtDescriptor* other = nullptr;
  while ((other = av_pix_fmt_desc_next(other)) != nullptr) {
    const AVPixelFormat id = av_pix_fmt_desc_get_id(other);
    if (!IsPlanarFormat(id)) continue;
    const Layout layout = LayoutOf(*other);
    if (!SameLayout(layout, wanted)) continue;
    if (layout.depth >= wanted.depth && layout.depth < best_depth) {
      best = id;
      best_depth = layout.depth;
    }
  }
  return best;
}

absl::StatusOr<AVPixelFormat> PlanarFormatByName(const std::string& name) {
  const AVPixelFormat format = av_get_pix_fmt(name.c_str());
  if (format == AV_PIX_FMT_NONE) {
    return absl::InvalidArgumentError(absl::StrFormat("'%s' is not a pixel format", name));
  }
  if (!IsPlanarFormat(format)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("pixel format %s is not planar; choose one like yuv420p", name));
  }
  return format;
}

int PlaneCount(AVPixelFormat format) { return av_pix_fmt_desc_get(format)->nb_components; }

int PlaneWidth(AVPixelFormat format, int plane, int size) {
  const AVPixFmtDescriptor* desc = av_pix_fmt_desc_get(format);
  return plane == 1 || plane == 2 ? AV_CEIL_RSHIFT(size, desc->log2_chroma_w) : size;
}

int PlaneHeight(AVPixelFormat format, int plane, int size) {
  const AVPixFmtDescriptor* desc = av_pix_fmt_desc_get(format);
  return plane == 1 || plane == 2 ? AV_CEIL_RSHIFT(size, desc->log2_chroma_h) : size;
}

int SampleBits(AVPixelFormat format) { return av_pix_fmt_desc_get(format)->comp[0].depth; }
int SampleBytes(AVPixelFormat format) { return SampleBits(format) > 8 ? 2 : 1; }

bool IsRgbFormat(AVPixelFormat format) {
  return (av_pix_fmt_desc_get(format)->flags & AV_PIX_FMT_FLAG_RGB) != 0;
}

}  // namespace stereofarm
