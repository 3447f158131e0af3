#include "common/media/subtitle_converter.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"

namespace stereofarm {
namespace {

constexpr int kLargestSubtitle = 1 << 20;
constexpr AVRational kMilliseconds{1, 1000};

class TextConverter : public TrackConverter {
 public:
  TextConverter(CodecContextPtr decoder, CodecContextPtr encoder, AVRational source_time_base)
      : decoder_(std::move(decoder)),
        encoder_(std::move(encoder)),
        source_time_base_(source_time_base),
        buffer_(kLargestSubtitle) {}

  AVRational time_base() const override { return kMilliseconds; }

  absl::Status Convert(const AVPacket* packet, std::vector<PacketPtr>* out) override {
    if (packet == nullptr || packet->pts == AV_NOPTS_VALUE || packet->size == 0) {
      return absl::OkStatus();
    }
    const PacketPtr copy = NewPacket();
    if (av_packet_ref(copy.get(), packet) < 0) {
      return absl::ResourceExhaustedError("no memory for a subtitle");
    }
    AVSubtitle subtitle = {};
    int got = 0;
    const int error = avcodec_decode_subtitle2(decoder_.get(), &subtitle, &got, copy.get());
    if (error < 0 || got == 0) return absl::OkStatus();  // a broken or an empty one
    absl::Status status;
    if (subtitle.num_rects > 0) status = Encode(*packet, &subtitle, out);
    avsubtitle_free(&subtitle);
    return status;
  }

 private:
  absl::Status Encode(const AVPacket& source, AVSubtitle* subtitle, std::vector<PacketPtr>* out) {
    int64_t pts = av_rescale_q(source.pts, source_time_base_, kMilliseconds);
    int64_t duration = av_rescale_q(source.duration, source_time_base_, kMilliseconds);
    if (duration <= 0 && subtitle->end_display_time != UINT32_MAX) {
      duration = static_cast<int64_t>(subtitle->end_display_time) -
                 static_cast<int64_t>(subtitle->start_display_time);
    }
    pts += subtitle->start_display_time;
    subtitle->pts = av_rescale_q(pts, kMilliseconds, AV_TIME_BASE_Q);
    subtitle->end_display_time = static_cast<uint32_t>(std::max<int64_t>(0, duration));
    subtitle->start_display_time = 0;
    const int size = avcodec_encode_subtitle(encoder_.get(), buffer_.data(),
                                             static_cast<int>(buffer_.size()), subtitle);
    if (size <= 0) return absl::OkStatus();
    PacketPtr packet = NewPacket();
    if (av_new_packet(packet.get(), size) < 0) {
      return absl::ResourceExhaustedError("no memory for a subtitle");
    }
    std::memcpy(packet->data, buffer_.data(), static_cast<size_t>(size));
    packet->pts = packet->dts = pts;
    packet->duration = duration;
    packet->flags |= AV_PKT_FLAG_KEY;
    out->push_back(std::move(packet));
    return absl::OkStatus();
  }

  CodecContextPtr decoder_;
  CodecContextPtr encoder_;
  AVRational source_time_base_;
  std::vector<uint8_t> buffer_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<TrackConverter>> NewSubtitleConverter(
    const AVStream& source, AVCodecID codec, AVCodecParameters* parameters) {
  const AVCodec* decoder = avcodec_find_decoder(source.codecpar->codec_id);
  const AVCodec* encoder = avcodec_find_encoder(codec);
  if (decoder == nullptr || encoder == nullptr) {
    return absl::InvalidArgumentError("subtitles of this kind cannot be converted");
  }
  CodecContextPtr from(avcodec_alloc_context3(decoder));
  CodecContextPtr to(avcodec_alloc_context3(encoder));
  if (from == nullptr || to == nullptr ||
      avcodec_parameters_to_context(from.get(), source.codecpar) < 0) {
    return absl::ResourceExhaustedError("no memory for a subtitle track");
  }
  from->pkt_timebase = source.time_base;
  int error = avcodec_open2(from.get(), decoder, nullptr);
  if (error < 0) return AvStatus(error, "cannot read a subtitle track");
  to->time_base = kMilliseconds;
  to->flags |= AV_CODEC_FLAG_BITEXACT;
  if (from->subtitle_header != nullptr) {
    const auto size = static_cast<size_t>(from->subtitle_header_size);
    to->subtitle_header = static_cast<uint8_t*>(av_mallocz(size + 1));
    if (to->subtitle_header == nullptr) {
      return absl::ResourceExhaustedError("no memory for a subtitle track");
    }
    std::memcpy(to->subtitle_header, from->subtitle_header, size);
    to->subtitle_header_size = from->subtitle_header_size;
  }
  error = avcodec_open2(to.get(), encoder, nullptr);
  if (error < 0) return AvStatus(error, "cannot convert a subtitle track");
  if (avcodec_parameters_from_context(parameters, to.get()) < 0) {
    return absl::ResourceExhaustedError("no memory for a subtitle track");
  }
  return std::unique_ptr<TrackConverter>(
      std::make_unique<TextConverter>(std::move(from), std::move(to), source.time_base));
}

}  // namespace stereofarm
