#include <algorithm>
#include <cstdint>
#include <vector>

extern "C" {
#include <libswscale/swscale.h>
}

#include "absl/strings/str_format.h"
#include "common/media/picture_frame.h"
#include "common/media/planar_format.h"

namespace stereofarm {
namespace {

absl::StatusOr<FramePtr> NewPlanarFrame(AVPixelFormat format, int width, int height) {
  FramePtr frame = NewFrame();
  frame->format = format;
  frame->width = width;
  frame->height = height;
  if (av_frame_get_buffer(frame.get(), 64) < 0) {
    return absl::ResourceExhaustedError(
        absl::StrFormat("no memory for a picture of %dx%d samples", width, height));
  }
  return frame;
}

// Where a component of the planar format stands: its plane.
int TargetPlane(const AVPixFmtDescriptor& target, int component) {
  return target.comp[component].plane;
}

// Every component of every sample is read by FFmpeg's own description of the format and written to
// its plane. Depths that differ (rgb565) are stretched to the target's full scale.
absl::StatusOr<FramePtr> Unpack(const AVFrame& source, AVPixelFormat format) {
  const auto source_format = static_cast<AVPixelFormat>(source.format);
  const AVPixFmtDescriptor* from = av_pix_fmt_desc_get(source_format);
  const AVPixFmtDescriptor* to = av_pix_fmt_desc_get(format);
  SF_ASSIGN_OR_RETURN(FramePtr target, NewPlanarFrame(format, source.width, source.height));
  const bool palette = (from->flags & AV_PIX_FMT_FLAG_PAL) != 0;
  std::vector<uint32_t> line(static_cast<size_t>(source.width));
  for (int c = 0; c < to->nb_components; ++c) {
    const int plane = TargetPlane(*to, c);
    const int width = PlaneWidth(format, to->nb_components == 1 ? 0 : c, source.width);
    const int height = PlaneHeight(format, to->nb_components == 1 ? 0 : c, source.height);
    const int source_depth = palette ? 8 : from->comp[c].depth;
    const int depth = to->comp[c].depth;
    const bool stretch = source_depth != depth;
    const uint32_t source_max = (1u << source_depth) - 1;
    const uint32_t max = (1u << depth) - 1;
    // mono: a set bit is black.
    const bool inverted = source_format == AV_PIX_FMT_MONOWHITE;
    for (int y = 0; y < height; ++y) {
      av_read_image_line2(line.data(), const_cast<const uint8_t**>(source.data), source.linesize,
                          from, 0, y, c, width, palette ? 1 : 0, 4);
      uint8_t* row = target->data[plane] + static_cast<ptrdiff_t>(y) * target->linesize[plane];
      for (int x = 0; x < width; ++x) {
        uint32_t value = line[static_cast<size_t>(x)];
        if (inverted) value = source_max - value;
        if (stretch) value = (value * max + source_max / 2) / source_max;
        if (depth > 8) {
          reinterpret_cast<uint16_t*>(row)[x] = static_cast<uint16_t>(value);
        } else {
          row[x] = static_cast<uint8_t>(value);
        }
      }
    }
  }
  return target;
}

// Formats whose samples aren't integers of R, G, B or Y, U, V: floats, XYZ, colour filter arrays.
absl::StatusOr<FramePtr> ConvertBySwscale(const AVFrame& source, AVPixelFormat format) {
  SF_ASSIGN_OR_RETURN(FramePtr target, NewPlanarFrame(format, source.width, source.height));
  SwsContext* context = sws_getContext(
      source.width, source.height, static_cast<AVPixelFormat>(source.format), source.width,
      source.height, format, SWS_POINT | SWS_ACCURATE_RND | SWS_BITEXACT | SWS_FULL_CHR_H_INT,
      nullptr, nullptr, nullptr);
  if (context == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrFormat("pixel format %s cannot be read",
                        av_get_pix_fmt_name(static_cast<AVPixelFormat>(source.format))));
  }
  sws_scale(context, source.data, source.linesize, 0, source.height, target->data,
            target->linesize);
  sws_freeContext(context);
  return target;
}

bool NeedsSwscale(AVPixelFormat format) {
  const AVPixFmtDescriptor* desc = av_pix_fmt_desc_get(format);
  return (desc->flags & (AV_PIX_FMT_FLAG_FLOAT | AV_PIX_FMT_FLAG_BAYER)) != 0 ||
         format == AV_PIX_FMT_XYZ12LE || format == AV_PIX_FMT_XYZ12BE;
}

// yuvj420p and yuva420p differ from yuv420p by name or by a plane more.
bool SamePlanes(AVPixelFormat format, AVPixelFormat planar) {
  const AVPixFmtDescriptor* a = av_pix_fmt_desc_get(format);
  const AVPixFmtDescriptor* b = av_pix_fmt_desc_get(planar);
  if ((a->flags & (AV_PIX_FMT_FLAG_BE | AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BITSTREAM)) != 0) {
    return false;
  }
  for (int i = 0; i < b->nb_components; ++i) {
    if (a->comp[i].plane != b->comp[i].plane || a->comp[i].step != b->comp[i].step ||
        a->comp[i].offset != 0 || a->comp[i].shift != 0 || a->comp[i].depth != b->comp[i].depth) {
      return false;
    }
  }
  return true;
}

}  // namespace

absl::StatusOr<Picture> PictureOf(FramePtr decoded, const Orientation& orientation) {
  const auto format = static_cast<AVPixelFormat>(decoded->format);
  const AVPixelFormat planar = PlanarFormatOf(format);
  if (planar == AV_PIX_FMT_NONE) {
    const char* name = av_get_pix_fmt_name(format);
    return absl::InvalidArgumentError(
        absl::StrFormat("pixel format %s cannot be read", name == nullptr ? "unknown" : name));
  }
  if (format != planar) {
    if (SamePlanes(format, planar)) {
      decoded->format = planar;
    } else if (NeedsSwscale(format)) {
      SF_ASSIGN_OR_RETURN(decoded, ConvertBySwscale(*decoded, planar));
    } else {
      SF_ASSIGN_OR_RETURN(decoded, Unpack(*decoded, planar));
    }
  }
  if (!orientation.IsUpright()) decoded = TurnUpright(*decoded, orientation);
  return Picture(std::make_shared<Picture::Frame>(std::move(decoded)));
}

}  // namespace stereofarm
