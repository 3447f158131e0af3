#include "common/media/audio_converter.h"

extern "C" {
#include <libavutil/audio_fifo.h>
#include <libavutil/channel_layout.h>
#include <libswresample/swresample.h>
}

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "common/media/source_file.h"

namespace stereofarm {
namespace {

constexpr int kSamplesPerPacket = 1024;  // for encoders that take any number (PCM)
constexpr int64_t kBitsPerChannel = 96000;

struct FreeResampler {
  void operator()(SwrContext* context) const { swr_free(&context); }
};
struct FreeFifo {
  void operator()(AVAudioFifo* fifo) const { av_audio_fifo_free(fifo); }
};

int NearestRate(const AVCodec& codec, int rate) {
  int best = rate;
  int64_t distance = INT64_MAX;
  for (const int* p = codec.supported_samplerates; p != nullptr && *p != 0; ++p) {
    const int64_t d = std::abs(int64_t{*p} - rate);
    if (d < distance) {
      best = *p;
      distance = d;
    }
  }
  return best;
}

class ResamplingConverter : public TrackConverter {
 public:
  ResamplingConverter(CodecContextPtr decoder, CodecContextPtr encoder, AVRational source_time_base)
      : decoder_(std::move(decoder)),
        encoder_(std::move(encoder)),
        source_time_base_(source_time_base),
        frame_(NewFrame()),
        fifo_(av_audio_fifo_alloc(encoder_->sample_fmt, encoder_->ch_layout.nb_channels,
                                  kSamplesPerPacket)) {}

  AVRational time_base() const override { return {1, encoder_->sample_rate}; }

  absl::Status Convert(const AVPacket* packet, std::vector<PacketPtr>* out) override {
    if (fifo_ == nullptr) return absl::ResourceExhaustedError("no memory to convert audio");
    avcodec_send_packet(decoder_.get(), packet);  // a broken packet leaves a gap
    while (avcodec_receive_frame(decoder_.get(), frame_.get()) >= 0) {
      SF_RETURN_IF_ERROR(Resample(frame_.get()));
      av_frame_unref(frame_.get());
      SF_RETURN_IF_ERROR(EncodeFull(false, out));
    }
    if (packet != nullptr) return absl::OkStatus();
    if (resampler_ != nullptr) {
      SF_RETURN_IF_ERROR(Resample(nullptr));
    }
    SF_RETURN_IF_ERROR(EncodeFull(true, out));
    return EncodeFrame(nullptr, out);
  }

 private:
  absl::Status Resample(const AVFrame* frame) {
    if (resampler_ == nullptr) {
      SwrContext* raw = nullptr;
      const int error = swr_alloc_set_opts2(
          &raw, &encoder_->ch_layout, encoder_->sample_fmt, encoder_->sample_rate,
          const_cast<AVChannelLayout*>(&frame->ch_layout),
          static_cast<AVSampleFormat>(frame->format), frame->sample_rate, 0, nullptr);
      resampler_.reset(raw);
      if (error < 0 || swr_init(raw) < 0) {
        return absl::InvalidArgumentError("an audio track cannot be converted");
      }
    }
    if (frame != nullptr && frame->pts != AV_NOPTS_VALUE) {
      const int64_t pts = av_rescale_q(frame->pts, source_time_base_, time_base());
      const int64_t expected = next_pts_ + av_audio_fifo_size(fifo_.get());
      // Gaps and overlaps of more than a tenth of a second move what follows.
      if (!started_ || std::abs(pts - expected) > encoder_->sample_rate / 10) {
        next_pts_ = pts - av_audio_fifo_size(fifo_.get());
        started_ = true;
      }
    }
    FramePtr converted = NewFrame();
    converted->format = encoder_->sample_fmt;
    converted->sample_rate = encoder_->sample_rate;
    av_channel_layout_copy(&converted->ch_layout, &encoder_->ch_layout);
    const int samples = frame == nullptr ? 0 : frame->nb_samples;
    const int room = swr_get_out_samples(resampler_.get(), samples);
    if (room <= 0) return absl::OkStatus();
    converted->nb_samples = room;
    if (av_frame_get_buffer(converted.get(), 0) < 0) {
      return absl::ResourceExhaustedError("no memory to convert audio");
    }
    const int got = swr_convert(
        resampler_.get(), converted->extended_data, room,
        frame == nullptr ? nullptr : const_cast<const uint8_t**>(frame->extended_data), samples);
    if (got < 0) return AvStatus(got, "cannot convert audio");
    if (av_audio_fifo_write(fifo_.get(), reinterpret_cast<void**>(converted->extended_data), got) <
        got) {
      return absl::ResourceExhaustedError("no memory to convert audio");
    }
    return absl::OkStatus();
  }

  absl::Status EncodeFull(bool rest, std::vector<PacketPtr>* out) {
    const int wanted = encoder_->frame_size > 0 ? encoder_->frame_size : kSamplesPerPacket;
    while (av_audio_fifo_size(fifo_.get()) >= (rest ? 1 : wanted)) {
      FramePtr frame = NewFrame();
      frame->format = encoder_->sample_fmt;
      frame->sample_rate = encoder_->sample_rate;
      av_channel_layout_copy(&frame->ch_layout, &encoder_->ch_layout);
      frame->nb_samples = std::min(wanted, av_audio_fifo_size(fifo_.get()));
      if (av_frame_get_buffer(frame.get(), 0) < 0) {
        return absl::ResourceExhaustedError("no memory to convert audio");
      }
      av_audio_fifo_read(fifo_.get(), reinterpret_cast<void**>(frame->extended_data),
                         frame->nb_samples);
      frame->pts = next_pts_;
      next_pts_ += frame->nb_samples;
      SF_RETURN_IF_ERROR(EncodeFrame(frame.get(), out));
    }
    return absl::OkStatus();
  }

  absl::Status EncodeFrame(const AVFrame* frame, std::vector<PacketPtr>* out) {
    const int sent = avcodec_send_frame(encoder_.get(), frame);
    if (sent < 0 && sent != AVERROR_EOF) return AvStatus(sent, "cannot encode audio");
    while (true) {
      PacketPtr packet = NewPacket();
      if (avcodec_receive_packet(encoder_.get(), packet.get()) < 0) return absl::OkStatus();
      out->push_back(std::move(packet));
    }
  }

  CodecContextPtr decoder_;
  CodecContextPtr encoder_;
  const AVRational source_time_base_;
  FramePtr frame_;
  std::unique_ptr<SwrContext, FreeResampler> resampler_;
  std::unique_ptr<AVAudioFifo, FreeFifo> fifo_;
  bool started_ = false;
  int64_t next_pts_ = 0;  // of the first sample in the fifo
};

}  // namespace

absl::StatusOr<std::unique_ptr<TrackConverter>> NewAudioConverter(const AVStream& source,
                                                                  AVCodecID codec,
                                                                  AVCodecParameters* parameters) {
  const AVCodec* encoder = avcodec_find_encoder(codec);
  // FFmpeg's own Opus encoder is experimental.
  if (codec == AV_CODEC_ID_OPUS) encoder = avcodec_find_encoder_by_name("libopus");
  if (encoder == nullptr || encoder->sample_fmts == nullptr) {
    return absl::InvalidArgumentError("audio of this kind cannot be converted");
  }
  SF_ASSIGN_OR_RETURN(CodecContextPtr from, OpenDecoder(source, 1));
  CodecContextPtr to(avcodec_alloc_context3(encoder));
  if (to == nullptr) return absl::ResourceExhaustedError("no memory for an audio track");
  to->sample_rate = NearestRate(*encoder, source.codecpar->sample_rate);
  to->sample_fmt = encoder->sample_fmts[0];
  const int channels = source.codecpar->ch_layout.nb_channels;
  if (source.codecpar->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC) {
    av_channel_layout_default(&to->ch_layout, channels);
  } else {
    av_channel_layout_copy(&to->ch_layout, &source.codecpar->ch_layout);
  }
  to->time_base = {1, to->sample_rate};
  to->bit_rate = kBitsPerChannel * std::max(1, channels);
  to->flags |= AV_CODEC_FLAG_BITEXACT | AV_CODEC_FLAG_GLOBAL_HEADER;
  to->thread_count = 1;
  int error = avcodec_open2(to.get(), encoder, nullptr);
  if (error < 0 && channels > 2) {
    // A layout that the encoder lacks: the usual one of as many channels.
    av_channel_layout_uninit(&to->ch_layout);
    av_channel_layout_default(&to->ch_layout, channels);
    error = avcodec_open2(to.get(), encoder, nullptr);
  }
  if (error < 0) return AvStatus(error, "cannot convert an audio track");
  if (avcodec_parameters_from_context(parameters, to.get()) < 0) {
    return absl::ResourceExhaustedError("no memory for an audio track");
  }
  return std::unique_ptr<TrackConverter>(
      std::make_unique<ResamplingConverter>(std::move(from), std::move(to), source.time_base));
}

}  // namespace stereofarm
