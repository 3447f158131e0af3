#include "common/media/orientation.h"

extern "C" {
#include <libavutil/display.h>
}

#include <cmath>
#include <cstdint>

#include "common/base/log.h"
#include "common/media/planar_format.h"

namespace stereofarm {
namespace {

struct Plane {
  uint8_t* data;
  ptrdiff_t stride;
  int width;
  int height;
};

Plane PlaneOf(const AVFrame& frame, int index) {
  const auto format = static_cast<AVPixelFormat>(frame.format);
  return {frame.data[index], frame.linesize[index], PlaneWidth(format, index, frame.width),
          PlaneHeight(format, index, frame.height)};
}

// target(x, y) = the sample of `source` that stands there upright. The shifts are 0 unless `target`
// has more samples than `source`.
template <typename Sample>
void TurnPlane(const Plane& source, const Plane& target, const Orientation& orientation,
               int full_width, int full_height, int shift_x, int shift_y) {
  for (int y = 0; y < target.height; ++y) {
    auto* row = reinterpret_cast<Sample*>(target.data + y * target.stride);
    for (int x = 0; x < target.width; ++x) {
      int p = x;
      int q = y;
      if (orientation.rotation == 90) {
        p = y;
        q = full_height - 1 - x;
      } else if (orientation.rotation == 180) {
        p = full_width - 1 - x;
        q = full_height - 1 - y;
      } else if (orientation.rotation == 270) {
        p = full_width - 1 - y;
        q = x;
      }
      if (orientation.mirrored) p = full_width - 1 - p;
      const auto* from =
          reinterpret_cast<const Sample*>(source.data + (q >> shift_y) * source.stride);
      row[x] = from[p >> shift_x];
    }
  }
}

}  // namespace

Orientation OrientationOf(const AVStream& stream) {
  Orientation orientation;
  size_t size = 0;
  const uint8_t* data = av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
  if (data == nullptr || size < 9 * sizeof(int32_t)) return orientation;
  const auto* matrix = reinterpret_cast<const int32_t*>(data);
  double a = matrix[0];
  double b = matrix[1];
  const double c = matrix[3];
  const double d = matrix[4];
  if (a * d - b * c < 0) {
    orientation.mirrored = true;
    a = -a;
    b = -b;
  }
  if (a == 0 && b == 0) return Orientation{};
  const int quarters = static_cast<int>(std::lround(std::atan2(b, a) / std::acos(0.0)));
  orientation.rotation = ((quarters % 4) + 4) % 4 * 90;
  return orientation;
}

AVPixelFormat UprightFormat(AVPixelFormat format, const Orientation& orientation) {
  const AVPixFmtDescriptor* desc = av_pix_fmt_desc_get(format);
  if (!orientation.SwapsSides() || desc->log2_chroma_w == desc->log2_chroma_h) return format;
  AVPixelFormat full = AV_PIX_FMT_NONE;
  const AVPixFmtDescriptor* other = nullptr;
  while ((other = av_pix_fmt_desc_next(other)) != nullptr) {
    const AVPixelFormat id = av_pix_fmt_desc_get_id(other);
    if (!IsPlanarFormat(id) || PlaneCount(id) != PlaneCount(format) || IsRgbFormat(id) ||
        SampleBits(id) != SampleBits(format)) {
      continue;
    }
    if (other->log2_chroma_w == desc->log2_chroma_h &&
        other->log2_chroma_h == desc->log2_chroma_w) {
      return id;
    }
    if (other->log2_chroma_w == 0 && other->log2_chroma_h == 0) full = id;
  }
  return full;
}

FramePtr TurnUpright(const AVFrame& source, const Orientation& orientation) {
  const auto from = static_cast<AVPixelFormat>(source.format);
  const AVPixelFormat to = UprightFormat(from, orientation);
  FramePtr target = NewFrame();
  target->format = to;
  target->width = orientation.SwapsSides() ? source.height : source.width;
  target->height = orientation.SwapsSides() ? source.width : source.height;
  SF_CHECK(av_frame_get_buffer(target.get(), 64) == 0);
  const AVPixFmtDescriptor* desc = av_pix_fmt_desc_get(from);
  const AVPixFmtDescriptor* target_desc = av_pix_fmt_desc_get(to);
  const bool expands =
      orientation.SwapsSides() && target_desc->log2_chroma_w != desc->log2_chroma_h;
  for (int i = 0; i < PlaneCount(from); ++i) {
    const Plane source_plane = PlaneOf(source, i);
    const bool expand = expands && i > 0;
    const int width = expand ? source.width : source_plane.width;
    const int height = expand ? source.height : source_plane.height;
    const int shift_x = expand ? desc->log2_chroma_w : 0;
    const int shift_y = expand ? desc->log2_chroma_h : 0;
    const auto turn = SampleBytes(from) == 1 ? TurnPlane<uint8_t> : TurnPlane<uint16_t>;
    turn(source_plane, PlaneOf(*target, i), orientation, width, height, shift_x, shift_y);
  }
  return target;
}

}  // namespace stereofarm
