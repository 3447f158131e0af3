#include "common/media/film_writer.h"

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"
#include "common/media/container.h"
#include "common/media/ffmpeg.h"
#include "common/media/film_check.h"
#include "common/media/film_clock.h"
#include "common/media/film_fingerprint.h"
#include "common/media/hdr_metadata.h"
#include "common/media/segment_packets.h"
#include "common/media/stereo_signal.h"
#include "common/media/track_copier.h"
#include "common/media/track_tags.h"

namespace stereofarm {
namespace {

// Of the progress; the rest is reading the film back.
constexpr double kShareOfWriting = 0.9;
constexpr int64_t kFramesPerProgress = 64;

class FilmJoiner {
 public:
  FilmJoiner(const FilmPlan& plan, const FrameIndex& index,
             const std::function<bool(double)>& progress)
      : plan_(plan), index_(index), progress_(progress) {}

  absl::StatusOr<FilmResult> Run() {
    SF_RETURN_IF_ERROR(CheckPlan());
    SF_ASSIGN_OR_RETURN(container_, ContainerOf(plan_.output));
    SF_ASSIGN_OR_RETURN(SegmentPackets segments, SegmentPackets::Open(plan_.segments));
    if (segments.frames() != plan_.range.size()) {
      return absl::InvalidArgumentError(
          absl::StrFormat("the segments hold %d frames where the film has %d", segments.frames(),
                          plan_.range.size()));
    }
    const AVCodecID codec = segments.stream().codecpar->codec_id;
    if (!container_.Holds(codec)) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "%s cannot hold %s pictures; use .mkv", plan_.output.string(), avcodec_get_name(codec)));
    }
    clock_.emplace(index_, plan_.range, segments.reorder_delay());
    SF_RETURN_IF_ERROR(OpenOutput(segments.stream()));
    const absl::Status status = Join(&segments);
    copier_.reset();
    output_.reset();
    if (!status.ok()) {
      std::remove(plan_.output.c_str());
      return status;
    }
    SF_RETURN_IF_ERROR(AppendFingerprint(plan_.fingerprint, container_, plan_.output));
    SF_RETURN_IF_ERROR(SyncPath(plan_.output));
    SF_RETURN_IF_ERROR(CheckFilm(plan_, container_, *clock_, [&](double share) {
      return Report(kShareOfWriting + (1 - kShareOfWriting) * share);
    }));
    result_.frames = plan_.range.size();
    return std::move(result_);
  }

 private:
  absl::Status CheckPlan() const {
    const FrameRange& range = plan_.range;
    if (range.empty() || range.begin < 0 || range.end > index_.frame_count()) {
      return absl::InvalidArgumentError(
          absl::StrFormat("frames %d to %d are not all in %s, which has %d", range.begin, range.end,
                          plan_.source.string(), index_.frame_count()));
    }
    return absl::OkStatus();
  }

  bool Report(double share) const { return progress_ == nullptr || progress_(share); }

  absl::Status OpenOutput(const AVStream& segment) {
    AVFormatContext* raw = nullptr;
    int error =
        avformat_alloc_output_context2(&raw, container_.format, nullptr, plan_.output.c_str());
    if (error < 0) return AvStatus(error, "cannot write " + plan_.output.string());
    output_.reset(raw);
    output_->flags |= AVFMT_FLAG_BITEXACT;
    output_->avoid_negative_ts = 0;
    output_->max_interleave_delta = AV_TIME_BASE;
    // MP4 writes st3d, FLAC and TrueHD only when told that it may.
    output_->strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL;
    picture_ = avformat_new_stream(output_.get(), nullptr);
    if (picture_ == nullptr) return absl::ResourceExhaustedError("no memory to write a film");
    SF_RETURN_IF_ERROR(DescribePictureTrack(segment));
    SF_ASSIGN_OR_RETURN(copier_, TrackCopier::Create(plan_.source, container_, clock_->window(),
                                                     output_.get(), &result_.remarks));
    SF_RETURN_IF_ERROR(copier_->DescribePicture(index_.video.stream_index, picture_));
    TagFingerprint(plan_.fingerprint, container_, output_.get());
    error = avio_open(&output_->pb, FfmpegUrl(plan_.output).c_str(), AVIO_FLAG_WRITE);
    if (error < 0) return AvStatus(error, "cannot create " + plan_.output.string());
    Dictionary options;
    if (container_.mp4_family) {
      options.Set("video_track_timescale", absl::StrFormat("%d", picture_->time_base.den));
      options.Set("movie_timescale", absl::StrFormat("%d", MovieTimescale()));
      if (NeedsFreeTags(*output_)) options.Set("movflags", "+use_metadata_tags");
    }
    error = avformat_write_header(output_.get(), options.pointer());
    if (error < 0) {
      return absl::InvalidArgumentError(absl::StrFormat("%s cannot hold this film: %s",
                                                        plan_.output.string(), AvErrorText(error)));
    }
    return absl::OkStatus();
  }

  absl::Status DescribePictureTrack(const AVStream& segment) {
    if (avcodec_parameters_copy(picture_->codecpar, segment.codecpar) < 0) {
      return absl::ResourceExhaustedError("no memory to write a film");
    }
    AVCodecParameters* codec = picture_->codecpar;
    if (container_.format->codec_tag == nullptr ||
        av_codec_get_id(container_.format->codec_tag, codec->codec_tag) != codec->codec_id) {
      codec->codec_tag = 0;
    }
    // Parameter sets are out of band in our segments: the name that Apple's players want.
    if (container_.mp4_family && codec->codec_id == AV_CODEC_ID_HEVC) {
      codec->codec_tag = MKTAG('h', 'v', 'c', '1');
    }
    picture_->sample_aspect_ratio = ToAv(plan_.sample_aspect_ratio);
    codec->sample_aspect_ratio = picture_->sample_aspect_ratio;
    picture_->avg_frame_rate = ToAv(index_.video.average_frame_rate);
    picture_->time_base = clock_->OutputTimeBase(container_.mp4_family);
    absl::StatusOr<HdrMetadata> hdr = ReadHdrMetadata(plan_.source);
    if (!hdr.ok()) return hdr.status();
    SF_RETURN_IF_ERROR(AttachHdrMetadata(*hdr, picture_));
    return AttachStereoMode(plan_.packing, container_, picture_);
  }

  // One in which both the picture's and the audio's edit lists are exact.
  int MovieTimescale() const {
    int64_t scale = picture_->time_base.den;
    constexpr int64_t kLargest = 1 << 30;
    for (const int rate : copier_->SampleRates()) {
      const int64_t both = std::lcm(scale, int64_t{rate});
      if (both <= kLargest) scale = both;
    }
    return static_cast<int>(scale);
  }

  absl::Status Join(SegmentPackets* segments) {
    SF_RETURN_IF_ERROR(copier_->WriteCoverArt());
    const PacketPtr packet = NewPacket();
    int64_t number = 0;  // in decode order
    while (true) {
      int64_t frame = 0;
      SF_ASSIGN_OR_RETURN(const bool more, segments->Next(packet.get(), &frame));
      if (!more) break;
      SF_RETURN_IF_ERROR(copier_->CopyUntil(clock_->SourceDts(number)));
      packet->stream_index = picture_->index;
      packet->pts = clock_->Pts(frame, picture_->time_base);
      packet->dts = clock_->Dts(number, picture_->time_base);
      packet->duration = clock_->Duration(frame, picture_->time_base);
      packet->pos = -1;
      packet->time_base = picture_->time_base;
      const int error = av_interleaved_write_frame(output_.get(), packet.get());
      if (error < 0) return AvStatus(error, "cannot write " + plan_.output.string());
      if (++number % kFramesPerProgress == 0 &&
          !Report(kShareOfWriting * static_cast<double>(number) /
                  static_cast<double>(plan_.range.size()))) {
        return absl::CancelledError(
            absl::StrFormat("writing %s was stopped", plan_.output.string()));
      }
    }
    SF_RETURN_IF_ERROR(copier_->CopyRest());
    int error = av_write_trailer(output_.get());
    if (error >= 0) error = avio_closep(&output_->pb);
    if (error < 0) return AvStatus(error, "cannot write " + plan_.output.string());
    return absl::OkStatus();
  }

  const FilmPlan& plan_;
  const FrameIndex& index_;
  const std::function<bool(double)>& progress_;
  Container container_;
  std::optional<FilmClock> clock_;
  OutputPtr output_;
  AVStream* picture_ = nullptr;
  std::unique_ptr<TrackCopier> copier_;
  FilmResult result_;
};

}  // namespace

absl::StatusOr<FilmResult> WriteFilm(const FilmPlan& plan, const FrameIndex& index,
                                     const std::function<bool(double)>& progress) {
  QuietFfmpeg();
  return FilmJoiner(plan, index, progress).Run();
}

}  // namespace stereofarm
