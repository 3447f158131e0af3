#include <cstdio>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"
#include "common/media/encoder_choice.h"
#include "common/media/ffmpeg.h"
#include "common/media/hdr_metadata.h"
#include "common/media/picture_frame.h"
#include "common/media/planar_format.h"
#include "common/media/segment.h"
#include "common/media/segment_encoder.h"

namespace stereofarm {
namespace {

// Frame i has timestamp i: one tick a frame, of a length that makes the file play at its speed.
int TicksPerSecond(const Rational& rate) {
  const double ticks = rate.ToDouble();
  return ticks < 1 ? 1 : static_cast<int>(ticks + 0.5);
}

class FileSegmentWriter : public SegmentWriter {
 public:
  FileSegmentWriter(std::filesystem::path path, const AVCodec& codec, const EncodedVideo& video,
                    const EncoderSettings& settings, HdrMetadata hdr)
      : path_(std::move(path)),
        codec_(codec),
        video_(video),
        settings_(settings),
        hdr_(std::move(hdr)) {}

  ~FileSegmentWriter() override {
    const bool created = file_ != nullptr || output_ != nullptr;
    if (file_ != nullptr) avio_closep(&file_);
    output_.reset();
    if (created && !finished_) std::remove(path_.c_str());
  }

  // Creates the file; the encoder waits for the first picture, which has the format.
  absl::Status Create() {
    const int error = avio_open(&file_, FfmpegUrl(path_).c_str(), AVIO_FLAG_WRITE);
    return error < 0 ? AvStatus(error, "cannot create " + path_.string()) : absl::OkStatus();
  }

  absl::Status Add(const Picture& picture) override {
    const AVFrame& source = AvFrameOf(picture);
    const auto format = static_cast<AVPixelFormat>(source.format);
    if (encoder_ == nullptr) {
      SF_RETURN_IF_ERROR(Open(format));
    }
    if (format != format_ || source.width != encoder_->width || source.height != encoder_->height) {
      return absl::InvalidArgumentError(
          absl::StrFormat("a segment of %dx%d %s cannot take a picture of %dx%d %s",
                          encoder_->width, encoder_->height, av_get_pix_fmt_name(format_),
                          source.width, source.height, picture.pixel_format()));
    }
    // A frame of its own around the same samples: nothing of the decoder's comes along.
    FramePtr frame = NewFrame();
    frame->format = encoder_->pix_fmt;
    frame->width = source.width;
    frame->height = source.height;
    frame->pts = frames_++;
    frame->color_primaries = encoder_->color_primaries;
    frame->color_trc = encoder_->color_trc;
    frame->colorspace = encoder_->colorspace;
    frame->color_range = encoder_->color_range;
    frame->chroma_location = encoder_->chroma_sample_location;
    frame->sample_aspect_ratio = encoder_->sample_aspect_ratio;
    for (int i = 0; i < AV_NUM_DATA_POINTERS; ++i) {
      frame->data[i] = source.data[i];
      frame->linesize[i] = source.linesize[i];
      if (source.buf[i] != nullptr) frame->buf[i] = av_buffer_ref(source.buf[i]);
    }
    return Encode(frame.get());
  }

  absl::Status Finish() override {
    if (encoder_ == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrFormat("segment %s has no frames", path_.string()));
    }
    SF_RETURN_IF_ERROR(Encode(nullptr));
    int error = av_write_trailer(output_.get());
    if (error >= 0) error = avio_closep(&output_->pb);
    if (error < 0) return AvStatus(error, "cannot write " + path_.string());
    SF_RETURN_IF_ERROR(SyncPath(path_));
    finished_ = true;
    return absl::OkStatus();
  }

 private:
  absl::Status Open(AVPixelFormat format) {
    SF_ASSIGN_OR_RETURN(format_, ChooseFormat(codec_, settings_, format));
    SF_ASSIGN_OR_RETURN(encoder_, OpenEncoder(codec_, video_, settings_, format_, hdr_));
    AVFormatContext* raw = nullptr;
    const std::string container = SegmentExtension(settings_.codec) == "mov" ? "mov" : "matroska";
    int error = avformat_alloc_output_context2(&raw, nullptr, container.c_str(), nullptr);
    if (error < 0) return AvStatus(error, "cannot write " + path_.string());
    output_.reset(raw);
    output_->pb = std::exchange(file_, nullptr);
    AVStream* stream = avformat_new_stream(output_.get(), nullptr);
    if (stream == nullptr) return absl::ResourceExhaustedError("no memory to write a segment");
    error = avcodec_parameters_from_context(stream->codecpar, encoder_.get());
    if (error < 0) return AvStatus(error, "cannot write " + path_.string());
    const int ticks = container == "mov" ? TicksPerSecond(FromAv(encoder_->framerate)) : 1000;
    stream->time_base = {1, ticks};
    stream->sample_aspect_ratio = encoder_->sample_aspect_ratio;
    SF_RETURN_IF_ERROR(AttachHdrMetadata(hdr_, stream));
    output_->flags |= AVFMT_FLAG_BITEXACT;
    output_->avoid_negative_ts = 0;
    Dictionary options;
    if (container == "mov") options.Set("video_track_timescale", absl::StrFormat("%d", ticks));
    error = avformat_write_header(output_.get(), options.pointer());
    if (error < 0) return AvStatus(error, "cannot write " + path_.string());
    packet_ = NewPacket();
    return absl::OkStatus();
  }

  absl::Status Encode(const AVFrame* frame) {
    const int sent = avcodec_send_frame(encoder_.get(), frame);
    if (sent < 0) return AvStatus(sent, "cannot encode a frame of " + path_.string());
    while (true) {
      const int got = avcodec_receive_packet(encoder_.get(), packet_.get());
      if (got == AVERROR(EAGAIN) || got == AVERROR_EOF) return absl::OkStatus();
      if (got < 0) return AvStatus(got, "cannot encode a frame of " + path_.string());
      packet_->stream_index = 0;
      packet_->duration = 1;
      packet_->time_base = output_->streams[0]->time_base;
      const int written = av_write_frame(output_.get(), packet_.get());
      av_packet_unref(packet_.get());
      if (written < 0) return AvStatus(written, "cannot write " + path_.string());
    }
  }

  const std::filesystem::path path_;
  const AVCodec& codec_;
  const EncodedVideo video_;
  const EncoderSettings settings_;
  const HdrMetadata hdr_;
  AVIOContext* file_ = nullptr;  // until output_ owns it
  AVPixelFormat format_ = AV_PIX_FMT_NONE;
  CodecContextPtr encoder_;
  OutputPtr output_;
  PacketPtr packet_;
  int64_t frames_ = 0;
  bool finished_ = false;
};

}  // namespace

std::string SegmentExtension(const std::string& codec) {
  const absl::StatusOr<const AVCodec*> encoder = FindEncoder(codec);
  const AVCodecID id = encoder.ok() ? (*encoder)->id : AV_CODEC_ID_H264;
  const bool mov = id == AV_CODEC_ID_H264 || id == AV_CODEC_ID_HEVC || id == AV_CODEC_ID_PRORES;
  return mov ? "mov" : "mkv";
}

absl::StatusOr<std::unique_ptr<SegmentWriter>> SegmentWriter::Create(
    const std::filesystem::path& path, const EncodedVideo& video, const EncoderSettings& settings,
    const FilmFile& source) {
  SF_ASSIGN_OR_RETURN(const AVCodec* codec, FindEncoder(settings.codec));
  HdrMetadata hdr;
  if (!source.path.empty()) {
    SF_ASSIGN_OR_RETURN(hdr, ReadHdrMetadata(source));
  }
  auto writer = std::make_unique<FileSegmentWriter>(path, *codec, video, settings, std::move(hdr));
  SF_RETURN_IF_ERROR(writer->Create());
  return std::unique_ptr<SegmentWriter>(std::move(writer));
}

}  // namespace stereofarm
