#include "common/media/picture.h"

extern "C" {
#include <libavutil/imgutils.h>
}

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>

#include "absl/strings/str_format.h"
#include "common/base/log.h"
#include "common/image/image_memory.h"
#include "common/media/picture_frame.h"
#include "common/media/planar_format.h"

namespace stereofarm {
namespace {

AVPixelFormat FormatOf(const Picture& picture) {
  return static_cast<AVPixelFormat>(AvFrameOf(picture).format);
}

// Alignment of rows, bytes.
constexpr int kAlign = 64;
// Rows that filters may touch beyond the last.
constexpr int kRoom = 32;

void ReturnBuffer(void* bytes, uint8_t* data) {
  ReturnImageMemory(reinterpret_cast<float*>(data), reinterpret_cast<uintptr_t>(bytes));
}

// Room for the pixels of `frame`, which has its format and size, in memory that is given out again
// (image_memory.h). False where there's none.
bool GiveBuffer(AVFrame* frame) {
  const auto format = static_cast<AVPixelFormat>(frame->format);
  const int rows = (frame->height + 2 * kRoom - 1) / kRoom * kRoom;
  const int needed = av_image_get_buffer_size(format, frame->width, rows, kAlign);
  if (needed < 0) return false;
  const size_t bytes = (static_cast<size_t>(needed) / kAlign + 2) * kAlign;
  uint8_t* data = nullptr;
  try {
    data = reinterpret_cast<uint8_t*>(TakeImageMemory(bytes));
  } catch (const std::bad_alloc&) {
    return false;
  }
  frame->buf[0] = av_buffer_create(data, bytes, ReturnBuffer, reinterpret_cast<void*>(bytes), 0);
  if (frame->buf[0] == nullptr) {
    ReturnImageMemory(reinterpret_cast<float*>(data), bytes);
    return false;
  }
  return av_image_fill_arrays(frame->data, frame->linesize, data, format, frame->width, rows,
                              kAlign) >= 0;
}

}  // namespace

absl::StatusOr<Picture> Picture::Create(const std::string& pixel_format, int width, int height) {
  SF_ASSIGN_OR_RETURN(const AVPixelFormat format, PlanarFormatByName(pixel_format));
  if (width <= 0 || height <= 0 || width > 65536 || height > 65536) {
    return absl::InvalidArgumentError(
        absl::StrFormat("a picture cannot be %dx%d samples large", width, height));
  }
  FramePtr frame = NewFrame();
  frame->format = format;
  frame->width = width;
  frame->height = height;
  if (!GiveBuffer(frame.get())) {
    return absl::ResourceExhaustedError(
        absl::StrFormat("no memory for a picture of %dx%d samples", width, height));
  }
  return Picture(std::make_shared<Frame>(std::move(frame)));
}

int Picture::width() const { return empty() ? 0 : frame_->av->width; }
int Picture::height() const { return empty() ? 0 : frame_->av->height; }
std::string Picture::pixel_format() const {
  return empty() ? std::string() : std::string(av_get_pix_fmt_name(FormatOf(*this)));
}
int Picture::bytes_per_sample() const { return SampleBytes(FormatOf(*this)); }
int Picture::plane_count() const { return PlaneCount(FormatOf(*this)); }

Picture::PlaneView Picture::plane(int index) const {
  const AVFrame& frame = *frame_->av;
  return {frame.data[index], frame.linesize[index], PlaneWidth(FormatOf(*this), index, frame.width),
          PlaneHeight(FormatOf(*this), index, frame.height)};
}

uint8_t* Picture::mutable_plane(int index) {
  SF_CHECK(frame_.use_count() == 1 && av_frame_is_writable(frame_->av.get()));
  return frame_->av->data[index];
}

absl::Status CopyInto(const Picture& source, int x, int y, Picture* target) {
  if (source.pixel_format() != target->pixel_format()) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "a %s picture does not fit into a %s one", source.pixel_format(), target->pixel_format()));
  }
  if (x < 0 || y < 0 || x + source.width() > target->width() ||
      y + source.height() > target->height()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("a picture of %dx%d at (%d, %d) leaves one of %dx%d", source.width(),
                        source.height(), x, y, target->width(), target->height()));
  }
  const AVPixFmtDescriptor* desc = av_pix_fmt_desc_get(FormatOf(source));
  if (x % (1 << desc->log2_chroma_w) != 0 || y % (1 << desc->log2_chroma_h) != 0) {
    return absl::InvalidArgumentError(
        absl::StrFormat("(%d, %d) is not on the chroma grid of %s", x, y, source.pixel_format()));
  }
  const int bytes = source.bytes_per_sample();
  for (int i = 0; i < source.plane_count(); ++i) {
    const Picture::PlaneView from = source.plane(i);
    const Picture::PlaneView to = target->plane(i);
    const int left = i == 0 || source.plane_count() == 1 ? x : x >> desc->log2_chroma_w;
    const int top = i == 0 || source.plane_count() == 1 ? y : y >> desc->log2_chroma_h;
    uint8_t* data =
        target->mutable_plane(i) + top * to.stride + static_cast<ptrdiff_t>(left) * bytes;
    for (int row = 0; row < from.height; ++row) {
      std::memcpy(data + row * to.stride, from.data + row * from.stride,
                  static_cast<size_t>(from.width) * static_cast<size_t>(bytes));
    }
  }
  return absl::OkStatus();
}

}  // namespace stereofarm
