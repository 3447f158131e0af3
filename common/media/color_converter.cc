#include <algorithm>
#include <cstring>
#include <map>
#include <tuple>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/media/picture.h"
#include "common/media/picture_frame.h"
#include "common/media/planar_format.h"
#include "common/media/video_info.h"
#include "common/media/zimg_graph.h"

namespace stereofarm {
namespace {

constexpr uintptr_t kZimgAlign = 32;

// A side of a conversion. AV_PIX_FMT_NONE stands for float R, G, B.
struct Side {
  AVPixelFormat format = AV_PIX_FMT_NONE;
  int width = 0;
  int height = 0;
  auto operator<=>(const Side&) const = default;
};

int RoundUp(int value, int log2) { return ((value - 1) >> log2 << log2) + (1 << log2); }

// zimg wants whole chroma samples: sides are grown to them.
Side Padded(const Side& side, int log2_w, int log2_h) {
  return {side.format, RoundUp(side.width, log2_w), RoundUp(side.height, log2_h)};
}

int ChromaShift(AVPixelFormat format, bool vertical) {
  if (format == AV_PIX_FMT_NONE) return 0;
  const AVPixFmtDescriptor* desc = av_pix_fmt_desc_get(format);
  return vertical ? desc->log2_chroma_h : desc->log2_chroma_w;
}

bool SameShape(const Side& a, const Side& b) { return a.width == b.width && a.height == b.height; }

// Planes in zimg's order. `frame` keeps what it points to alive.
ZimgPlanes PlanesOf(const AVFrame& frame) {
  const AVPixFmtDescriptor* desc = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame.format));
  ZimgPlanes planes;
  for (int i = 0; i < desc->nb_components; ++i) {
    planes.data[i] = frame.data[desc->comp[i].plane];
    planes.stride[i] = frame.linesize[desc->comp[i].plane];
  }
  return planes;
}

ZimgPlanes PlanesOf(const Image& image) {
  ZimgPlanes planes;
  for (int i = 0; i < 3; ++i) {
    planes.data[i] = reinterpret_cast<uint8_t*>(const_cast<float*>(image.Plane(i)));
    planes.stride[i] = image.stride() * static_cast<ptrdiff_t>(sizeof(float));
  }
  return planes;
}

bool IsAligned(const ZimgPlanes& planes) {
  for (int i = 0; i < 3; ++i) {
    if (reinterpret_cast<uintptr_t>(planes.data[i]) % kZimgAlign != 0) return false;
    if (planes.stride[i] % static_cast<ptrdiff_t>(kZimgAlign) != 0) return false;
  }
  return true;
}

// `from` into `to`, which may be larger: the last column and row are repeated.
void CopyAndExtend(const uint8_t* from, ptrdiff_t from_stride, int width, int height, uint8_t* to,
                   ptrdiff_t to_stride, int to_width, int to_height, int bytes) {
  for (int y = 0; y < to_height; ++y) {
    const uint8_t* source = from + std::min(y, height - 1) * from_stride;
    uint8_t* target = to + y * to_stride;
    std::memcpy(target, source, static_cast<size_t>(width) * static_cast<size_t>(bytes));
    for (int x = width; x < to_width; ++x) {
      std::memcpy(target + static_cast<ptrdiff_t>(x) * bytes,
                  source + static_cast<ptrdiff_t>(width - 1) * bytes, static_cast<size_t>(bytes));
    }
  }
}

absl::StatusOr<Picture> ExtendedCopy(const Picture& picture, const Side& size) {
  SF_ASSIGN_OR_RETURN(Picture copy,
                      Picture::Create(picture.pixel_format(), size.width, size.height));
  for (int i = 0; i < picture.plane_count(); ++i) {
    const Picture::PlaneView from = picture.plane(i);
    const Picture::PlaneView to = copy.plane(i);
    CopyAndExtend(from.data, from.stride, from.width, from.height, copy.mutable_plane(i), to.stride,
                  to.width, to.height, picture.bytes_per_sample());
  }
  return copy;
}

zimg_matrix_coefficients_e MatrixOf(const ColorTags& tags, int height) {
  switch (tags.matrix) {
    case AVCOL_SPC_BT709:
    case AVCOL_SPC_FCC:
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M:
    case AVCOL_SPC_SMPTE240M:
    case AVCOL_SPC_YCGCO:
    case AVCOL_SPC_BT2020_NCL:
      return static_cast<zimg_matrix_coefficients_e>(tags.matrix);
    // These need the transfer function undone; the nearest matrix that doesn't is inverted exactly.
    case AVCOL_SPC_BT2020_CL:
    case AVCOL_SPC_ICTCP:
      return ZIMG_MATRIX_BT2020_NCL;
    case AVCOL_SPC_CHROMA_DERIVED_NCL:
    case AVCOL_SPC_CHROMA_DERIVED_CL:
      return tags.primaries == AVCOL_PRI_BT2020 ? ZIMG_MATRIX_BT2020_NCL : ZIMG_MATRIX_BT709;
    default:
      return height >= 720 ? ZIMG_MATRIX_BT709 : ZIMG_MATRIX_ST170_M;
  }
}

zimg_chroma_location_e ChromaLocationOf(const ColorTags& tags) {
  switch (tags.chroma_location) {
    case AVCHROMA_LOC_CENTER:
      return ZIMG_CHROMA_CENTER;
    case AVCHROMA_LOC_TOPLEFT:
      return ZIMG_CHROMA_TOP_LEFT;
    case AVCHROMA_LOC_TOP:
      return ZIMG_CHROMA_TOP;
    case AVCHROMA_LOC_BOTTOMLEFT:
      return ZIMG_CHROMA_BOTTOM_LEFT;
    case AVCHROMA_LOC_BOTTOM:
      return ZIMG_CHROMA_BOTTOM;
    default:
      return ZIMG_CHROMA_LEFT;
  }
}

// The picture height that says which matrix an unsignalled film has is the source's.
zimg_image_format FormatOf(const Side& side, const ColorTags& tags, int film_height) {
  zimg_image_format format;
  zimg_image_format_default(&format, ZIMG_API_VERSION);
  format.width = static_cast<unsigned>(side.width);
  format.height = static_cast<unsigned>(side.height);
  format.field_parity = ZIMG_FIELD_PROGRESSIVE;
  if (side.format == AV_PIX_FMT_NONE) {
    format.pixel_type = ZIMG_PIXEL_FLOAT;
    format.depth = 32;
    format.color_family = ZIMG_COLOR_RGB;
    format.matrix_coefficients = ZIMG_MATRIX_RGB;
    format.pixel_range = ZIMG_RANGE_FULL;
    return format;
  }
  const AVPixFmtDescriptor* desc = av_pix_fmt_desc_get(side.format);
  format.pixel_type = SampleBytes(side.format) == 1 ? ZIMG_PIXEL_BYTE : ZIMG_PIXEL_WORD;
  format.depth = static_cast<unsigned>(SampleBits(side.format));
  if (IsRgbFormat(side.format)) {
    format.color_family = ZIMG_COLOR_RGB;
    format.matrix_coefficients = ZIMG_MATRIX_RGB;
    format.pixel_range = tags.range == AVCOL_RANGE_MPEG ? ZIMG_RANGE_LIMITED : ZIMG_RANGE_FULL;
    return format;
  }
  const bool gray = desc->nb_components == 1;
  format.color_family = gray ? ZIMG_COLOR_GREY : ZIMG_COLOR_YUV;
  format.matrix_coefficients = MatrixOf(tags, film_height);
  format.pixel_range = tags.range == AVCOL_RANGE_JPEG ? ZIMG_RANGE_FULL : ZIMG_RANGE_LIMITED;
  format.subsample_w = gray ? 0 : desc->log2_chroma_w;
  format.subsample_h = gray ? 0 : desc->log2_chroma_h;
  format.chroma_location = ChromaLocationOf(tags);
  return format;
}

}  // namespace

struct ColorConverter::State {
  ColorInfo color;
  ColorTags tags;
  std::map<std::tuple<Side, Side, int, int>, std::unique_ptr<ZimgGraph>> graphs;

  // `active_width`, `active_height`: what of the source counts.
  absl::StatusOr<ZimgGraph*> GraphFor(const Side& from, const Side& to, int active_width,
                                      int active_height) {
    std::unique_ptr<ZimgGraph>& graph = graphs[{from, to, active_width, active_height}];
    if (graph != nullptr) return graph.get();
    const int film_height = std::max(from.height, to.height);
    zimg_image_format source = FormatOf(from, tags, film_height);
    const zimg_image_format target = FormatOf(to, tags, film_height);
    zimg_graph_builder_params params;
    zimg_graph_builder_params_default(&params, ZIMG_API_VERSION);
    params.dither_type = ZIMG_DITHER_NONE;
    params.cpu_type = ZIMG_CPU_AUTO;
    params.resample_filter = ZIMG_RESIZE_BICUBIC;
    params.filter_param_a = 0.0;  // Catmull-Rom
    params.filter_param_b = 0.5;
    params.resample_filter_uv = ZIMG_RESIZE_BICUBIC;
    params.filter_param_a_uv = 0.0;
    params.filter_param_b_uv = 0.5;
    if (!SameShape(from, to)) {
      const bool shrinks = to.width <= from.width && to.height <= from.height;
      // zimg widens the triangle with the reduction: every source sample counts.
      if (shrinks && to.format == AV_PIX_FMT_NONE) {
        params.resample_filter = ZIMG_RESIZE_BILINEAR;
        params.resample_filter_uv = ZIMG_RESIZE_BILINEAR;
      }
      source.active_region.left = 0;
      source.active_region.top = 0;
      source.active_region.width = active_width;
      source.active_region.height = active_height;
    }
    absl::StatusOr<std::unique_ptr<ZimgGraph>> built = ZimgGraph::Build(source, target, params);
    if (!built.ok()) {
      graphs.erase({from, to, active_width, active_height});
      return built.status();
    }
    graph = std::move(*built);
    return graph.get();
  }

  // The planes of `picture`, or of a copy that is aligned and grown to `padded`.
  absl::StatusOr<Picture> Prepared(const Picture& picture, const Side& padded) {
    if (picture.width() == padded.width && picture.height() == padded.height &&
        IsAligned(PlanesOf(AvFrameOf(picture)))) {
      return picture;
    }
    return ExtendedCopy(picture, padded);
  }

  static Side SideOf(const Picture& picture) {
    return {static_cast<AVPixelFormat>(AvFrameOf(picture).format), picture.width(),
            picture.height()};
  }

  // Both sides as zimg gets them: where the size stays, both are grown alike.
  static std::pair<Side, Side> PaddedPair(const Side& from, const Side& to) {
    int from_w = ChromaShift(from.format, false);
    int from_h = ChromaShift(from.format, true);
    int to_w = ChromaShift(to.format, false);
    int to_h = ChromaShift(to.format, true);
    if (SameShape(from, to)) {
      from_w = to_w = std::max(from_w, to_w);
      from_h = to_h = std::max(from_h, to_h);
    }
    return {Padded(from, from_w, from_h), Padded(to, to_w, to_h)};
  }

  absl::StatusOr<Picture> PictureToPicture(const Picture& picture, const Side& to) {
    const Side from = SideOf(picture);
    const auto [padded_from, padded_to] = PaddedPair(from, to);
    SF_ASSIGN_OR_RETURN(ZimgGraph * graph,
                        GraphFor(padded_from, padded_to, from.width, from.height));
    SF_ASSIGN_OR_RETURN(const Picture source, Prepared(picture, padded_from));
    SF_ASSIGN_OR_RETURN(Picture target, Picture::Create(av_get_pix_fmt_name(to.format),
                                                        padded_to.width, padded_to.height));
    SF_RETURN_IF_ERROR(graph->Run(PlanesOf(AvFrameOf(source)), PlanesOf(AvFrameOf(target))));
    target.frame()->av->width = to.width;
    target.frame()->av->height = to.height;
    return target;
  }
};

ColorConverter::ColorConverter(ColorInfo color) : state_(std::make_unique<State>()) {
  state_->tags = TagsOfColor(color);
  state_->color = std::move(color);
}
ColorConverter::~ColorConverter() = default;

absl::StatusOr<Image> ColorConverter::ToRgb(const Picture& picture, int width, int height) {
  if (width <= 0 || height <= 0) {
    return absl::InvalidArgumentError(
        absl::StrFormat("a picture cannot be %dx%d samples large", width, height));
  }
  Image rgb(width, height, 3);
  SF_RETURN_IF_ERROR(ToRgb(picture, &rgb));
  return rgb;
}

absl::Status ColorConverter::ToRgb(const Picture& picture, Image* rgb) {
  const Side from = State::SideOf(picture);
  const Side to{AV_PIX_FMT_NONE, rgb->width(), rgb->height()};
  const auto [padded_from, padded_to] = State::PaddedPair(from, to);
  SF_ASSIGN_OR_RETURN(ZimgGraph * graph,
                      state_->GraphFor(padded_from, padded_to, from.width, from.height));
  SF_ASSIGN_OR_RETURN(const Picture source, state_->Prepared(picture, padded_from));
  const ZimgPlanes planes = PlanesOf(AvFrameOf(source));
  if (padded_to == to) return graph->Run(planes, PlanesOf(*rgb));
  Image larger(padded_to.width, padded_to.height, 3);
  SF_RETURN_IF_ERROR(graph->Run(planes, PlanesOf(larger)));
  for (int c = 0; c < 3; ++c) {
    for (int y = 0; y < rgb->height(); ++y) {
      std::memcpy(rgb->Row(c, y), larger.Row(c, y),
                  static_cast<size_t>(rgb->width()) * sizeof(float));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Picture> ColorConverter::FromRgb(const Image& rgb, const std::string& pixel_format) {
  if (rgb.channels() < 3) {
    return absl::InvalidArgumentError(
        absl::StrFormat("a picture needs R, G and B, not %d channels", rgb.channels()));
  }
  SF_ASSIGN_OR_RETURN(const AVPixelFormat format, PlanarFormatByName(pixel_format));
  const Side from{AV_PIX_FMT_NONE, rgb.width(), rgb.height()};
  const Side to{format, rgb.width(), rgb.height()};
  const auto [padded_from, padded_to] = State::PaddedPair(from, to);
  SF_ASSIGN_OR_RETURN(ZimgGraph * graph,
                      state_->GraphFor(padded_from, padded_to, from.width, from.height));
  SF_ASSIGN_OR_RETURN(Picture target,
                      Picture::Create(pixel_format, padded_to.width, padded_to.height));
  if (padded_from == from) {
    SF_RETURN_IF_ERROR(graph->Run(PlanesOf(rgb), PlanesOf(AvFrameOf(target))));
    return target;
  }
  Image larger(padded_from.width, padded_from.height, 3);
  const auto stride = static_cast<ptrdiff_t>(sizeof(float));
  for (int c = 0; c < 3; ++c) {
    CopyAndExtend(reinterpret_cast<const uint8_t*>(rgb.Plane(c)), rgb.stride() * stride,
                  rgb.width(), rgb.height(), reinterpret_cast<uint8_t*>(larger.Plane(c)),
                  larger.stride() * stride, larger.width(), larger.height(), sizeof(float));
  }
  SF_RETURN_IF_ERROR(graph->Run(PlanesOf(larger), PlanesOf(AvFrameOf(target))));
  target.frame()->av->width = to.width;
  target.frame()->av->height = to.height;
  return target;
}

absl::StatusOr<Picture> ColorConverter::ToFormat(const Picture& picture,
                                                 const std::string& pixel_format) {
  if (picture.pixel_format() == pixel_format) return picture;
  SF_ASSIGN_OR_RETURN(const AVPixelFormat format, PlanarFormatByName(pixel_format));
  return state_->PictureToPicture(picture, {format, picture.width(), picture.height()});
}

absl::StatusOr<Picture> ColorConverter::Resize(const Picture& picture, int width, int height) {
  if (width <= 0 || height <= 0) {
    return absl::InvalidArgumentError(
        absl::StrFormat("a picture cannot be %dx%d samples large", width, height));
  }
  if (picture.width() == width && picture.height() == height) return picture;
  return state_->PictureToPicture(
      picture, {static_cast<AVPixelFormat>(AvFrameOf(picture).format), width, height});
}

}  // namespace stereofarm
