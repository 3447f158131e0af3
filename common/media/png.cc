#include "common/media/png.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "common/base/file_system.h"
#include "common/media/ffmpeg.h"

namespace stereofarm {
namespace {

absl::StatusOr<FramePtr> PackedFrame(const Image& rgb) {
  FramePtr frame = NewFrame();
  frame->format = AV_PIX_FMT_RGB24;
  frame->width = rgb.width();
  frame->height = rgb.height();
  if (const int error = av_frame_get_buffer(frame.get(), 0); error < 0) {
    return AvStatus(error, "cannot make room for a PNG picture");
  }
  for (int y = 0; y < rgb.height(); ++y) {
    uint8_t* out = frame->data[0] + static_cast<ptrdiff_t>(frame->linesize[0]) * y;
    for (int channel = 0; channel < 3; ++channel) {
      const float* row = rgb.Row(channel, y);
      for (int x = 0; x < rgb.width(); ++x) {
        out[3 * x + channel] = static_cast<uint8_t>(std::clamp(row[x], 0.0f, 1.0f) * 255.0f + 0.5f);
      }
    }
  }
  return frame;
}

}  // namespace

absl::Status WritePng(const std::filesystem::path& path, const Image& rgb) {
  QuietFfmpeg();
  if (rgb.channels() < 3) return absl::InvalidArgumentError("a PNG picture wants R, G and B");
  const AVCodec* codec = avcodec_find_encoder(AV_CODEC_ID_PNG);
  if (codec == nullptr) return absl::InternalError("this FFmpeg has no PNG encoder");
  const CodecContextPtr context(avcodec_alloc_context3(codec));
  context->pix_fmt = AV_PIX_FMT_RGB24;
  context->width = rgb.width();
  context->height = rgb.height();
  context->time_base = {1, 1};
  context->thread_count = 1;
  const std::string what = "cannot write " + path.string();
  if (const int error = avcodec_open2(context.get(), codec, nullptr); error < 0) {
    return AvStatus(error, what);
  }
  SF_ASSIGN_OR_RETURN(const FramePtr frame, PackedFrame(rgb));
  if (const int error = avcodec_send_frame(context.get(), frame.get()); error < 0) {
    return AvStatus(error, what);
  }
  // The encoder gives the picture once it has seen the end of them.
  avcodec_send_frame(context.get(), nullptr);
  const PacketPtr packet = NewPacket();
  if (const int error = avcodec_receive_packet(context.get(), packet.get()); error < 0) {
    return AvStatus(error, what);
  }
  return WriteFileAtomically(path, std::string_view(reinterpret_cast<const char*>(packet->data),
                                                    static_cast<size_t>(packet->size)));
}

}  // namespace stereofarm
