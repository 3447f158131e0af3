#include "common/media/track_copier.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/media/audio_converter.h"
#include "common/media/source_file.h"
#include "common/media/subtitle_converter.h"
#include "common/media/track_tags.h"

namespace stereofarm {

struct TrackCopier::Track {
  AVStream* source = nullptr;
  AVStream* target = nullptr;
  std::unique_ptr<TrackConverter> converter;  // null: packets are copied
  int64_t last_dts = INT64_MIN;
  bool cover = false;
};

namespace {

bool IsCoverArt(const AVStream& stream) {
  return (stream.disposition & AV_DISPOSITION_ATTACHED_PIC) != 0;
}

std::string Describe(const AVStream& stream) {
  const char* type = av_get_media_type_string(stream.codecpar->codec_type);
  const std::string language = TagOf(stream.metadata, "language");
  return absl::StrFormat("%s track %d (%s%s%s)", type == nullptr ? "data" : type, stream.index,
                         avcodec_get_name(stream.codecpar->codec_id), language.empty() ? "" : ", ",
                         language);
}

bool IsText(AVCodecID codec) {
  const AVCodecDescriptor* desc = avcodec_descriptor_get(codec);
  return desc != nullptr && (desc->props & AV_CODEC_PROP_TEXT_SUB) != 0;
}

// The text track in which QuickTime keeps chapters: they're copied as chapters.
bool IsChapterTrack(const AVFormatContext& input, const AVStream& stream) {
  return input.nb_chapters > 0 && stream.codecpar->codec_type == AVMEDIA_TYPE_DATA &&
         stream.codecpar->codec_id == AV_CODEC_ID_BIN_DATA &&
         stream.codecpar->codec_tag == MKTAG('t', 'e', 'x', 't');
}

// QuickTime's timecode track: the muxer makes one again from the tag.
bool IsTimecodeTrack(const AVStream& stream) {
  return stream.codecpar->codec_tag == MKTAG('t', 'm', 'c', 'd');
}

uint32_t TagFor(const AVOutputFormat& format, const AVCodecParameters& codec) {
  if (format.codec_tag == nullptr ||
      av_codec_get_id(format.codec_tag, codec.codec_tag) == codec.codec_id) {
    return codec.codec_tag;
  }
  return 0;
}

}  // namespace

TrackCopier::TrackCopier(TimeWindow window, AVFormatContext* output)
    : window_(window), output_(output), held_(NewPacket()) {}
TrackCopier::~TrackCopier() = default;

absl::StatusOr<std::unique_ptr<TrackCopier>> TrackCopier::Create(
    const std::filesystem::path& source, const Container& container, const TimeWindow& window,
    AVFormatContext* output, std::vector<std::string>* remarks) {
  std::unique_ptr<TrackCopier> copier(new TrackCopier(window, output));
  SF_ASSIGN_OR_RETURN(copier->input_, OpenSource(source));
  AVFormatContext* input = copier->input_.get();
  SF_ASSIGN_OR_RETURN(const int picture, PictureTrack(*input, source));
  copier->tracks_.resize(input->nb_streams);
  for (unsigned i = 0; i < input->nb_streams; ++i) {
    AVStream* stream = input->streams[i];
    if (static_cast<int>(i) != picture) {
      SF_RETURN_IF_ERROR(copier->AddTrack(stream, container, remarks));
    }
    const std::unique_ptr<Track>& track = copier->tracks_[i];
    if (track == nullptr || track->cover) stream->discard = AVDISCARD_ALL;
  }
  CopyFilmTags(*input, window, output);
  if (input->nb_chapters > 0 && !container.HoldsChapters()) {
    remarks->push_back(absl::StrFormat("%d chapters are left out: the container cannot hold them",
                                       input->nb_chapters));
  } else {
    SF_RETURN_IF_ERROR(CopyChapters(*input, window, output));
  }
  if (window.begin != INT64_MIN) {
    // A second earlier, for audio whose packets overlap the beginning.
    const int64_t second = av_rescale_q(1, {1, 1}, window.time_base);
    av_seek_frame(input, picture, window.begin - second, AVSEEK_FLAG_BACKWARD);
  }
  return copier;
}

absl::StatusOr<AVStream*> TrackCopier::NewStream(const AVStream& source) {
  AVStream* target = avformat_new_stream(output_, nullptr);
  if (target == nullptr) return absl::ResourceExhaustedError("no memory for a track");
  target->disposition = source.disposition;
  CopyTrackTags(source, target);
  return target;
}

absl::Status TrackCopier::AddTrack(AVStream* source, const Container& container,
                                   std::vector<std::string>* remarks) {
  const AVMediaType type = source->codecpar->codec_type;
  if (type == AVMEDIA_TYPE_VIDEO && IsCoverArt(*source)) {
    return AddCoverArt(source, container, remarks);
  }
  if (type == AVMEDIA_TYPE_ATTACHMENT && container.HoldsAttachments()) {
    SF_ASSIGN_OR_RETURN(AVStream * target, NewStream(*source));
    return avcodec_parameters_copy(target->codecpar, source->codecpar) < 0
               ? absl::ResourceExhaustedError("no memory for an attachment")
               : absl::OkStatus();
  }
  if (type == AVMEDIA_TYPE_AUDIO || type == AVMEDIA_TYPE_SUBTITLE) {
    if (!container.Holds(source->codecpar->codec_id)) {
      return AddConverted(source, container, remarks);
    }
    SF_ASSIGN_OR_RETURN(AVStream * target, NewStream(*source));
    if (avcodec_parameters_copy(target->codecpar, source->codecpar) < 0) {
      return absl::ResourceExhaustedError("no memory for a track");
    }
    target->codecpar->codec_tag = TagFor(*container.format, *source->codecpar);
    target->time_base = source->time_base;
    if (type == AVMEDIA_TYPE_AUDIO && source->codecpar->sample_rate > 0) {
      target->time_base = {1, source->codecpar->sample_rate};
    }
    tracks_[static_cast<size_t>(source->index)] = std::make_unique<Track>(Track{source, target});
    return absl::OkStatus();
  }
  const bool silent = IsChapterTrack(*input_, *source) ||
                      (IsTimecodeTrack(*source) && container.quicktime && window_.IsWhole());
  if (!silent) {
    remarks->push_back(
        absl::StrFormat("%s is left out: the film cannot hold it", Describe(*source)));
  }
  return absl::OkStatus();
}

absl::Status TrackCopier::AddCoverArt(AVStream* source, const Container& container,
                                      std::vector<std::string>* remarks) {
  const AVPacket& picture = source->attached_pic;
  if (!container.HoldsCoverArt() || picture.size <= 0) {
    remarks->push_back(absl::StrFormat(
        "the cover picture (track %d) is left out: the film cannot hold it", source->index));
    return absl::OkStatus();
  }
  SF_ASSIGN_OR_RETURN(AVStream * target, NewStream(*source));
  AVCodecParameters* codec = target->codecpar;
  if (container.HoldsAttachments()) {
    codec->codec_type = AVMEDIA_TYPE_ATTACHMENT;
    codec->codec_id = source->codecpar->codec_id;
    codec->extradata = static_cast<uint8_t*>(
        av_mallocz(static_cast<size_t>(picture.size) + AV_INPUT_BUFFER_PADDING_SIZE));
    if (codec->extradata == nullptr) return absl::ResourceExhaustedError("no memory for a cover");
    std::memcpy(codec->extradata, picture.data, static_cast<size_t>(picture.size));
    codec->extradata_size = picture.size;
    target->disposition = 0;
    const bool png = codec->codec_id == AV_CODEC_ID_PNG;
    if (TagOf(target->metadata, "filename").empty()) {
      av_dict_set(&target->metadata, "filename", png ? "cover.png" : "cover.jpg", 0);
    }
    if (TagOf(target->metadata, "mimetype").empty()) {
      av_dict_set(&target->metadata, "mimetype", png ? "image/png" : "image/jpeg", 0);
    }
    return absl::OkStatus();
  }
  if (avcodec_parameters_copy(codec, source->codecpar) < 0) {
    return absl::ResourceExhaustedError("no memory for a cover");
  }
  codec->codec_tag = 0;
  auto track = std::make_unique<Track>(Track{source, target});
  track->cover = true;
  tracks_[static_cast<size_t>(source->index)] = std::move(track);
  return absl::OkStatus();
}

absl::Status TrackCopier::AddConverted(AVStream* source, const Container& container,
                                       std::vector<std::string>* remarks) {
  const bool audio = source->codecpar->codec_type == AVMEDIA_TYPE_AUDIO;
  const AVCodecID source_codec = source->codecpar->codec_id;
  AVCodecID codec = AV_CODEC_ID_NONE;
  if (audio) {
    codec = container.AudioCodec(source_codec);
  } else if (IsText(source_codec)) {
    codec = container.SubtitleCodec();
  }
  const CodecParametersPtr parameters(avcodec_parameters_alloc());
  if (parameters == nullptr) return absl::ResourceExhaustedError("no memory for a track");
  absl::StatusOr<std::unique_ptr<TrackConverter>> converter =
      audio ? NewAudioConverter(*source, codec, parameters.get())
            : NewSubtitleConverter(*source, codec, parameters.get());
  if (!converter.ok()) {
    remarks->push_back(
        absl::StrFormat("%s is left out: the film cannot hold it", Describe(*source)));
    return absl::OkStatus();
  }
  SF_ASSIGN_OR_RETURN(AVStream * target, NewStream(*source));
  if (avcodec_parameters_copy(target->codecpar, parameters.get()) < 0) {
    return absl::ResourceExhaustedError("no memory for a track");
  }
  target->time_base = (*converter)->time_base();
  auto track = std::make_unique<Track>(Track{source, target});
  track->converter = std::move(*converter);
  tracks_[static_cast<size_t>(source->index)] = std::move(track);
  remarks->push_back(absl::StrFormat("%s is converted to %s: the film cannot hold it as it is",
                                     Describe(*source), avcodec_get_name(codec)));
  return absl::OkStatus();
}

absl::Status TrackCopier::DescribePicture(int source_stream, AVStream* target) {
  if (source_stream < 0 || source_stream >= static_cast<int>(input_->nb_streams)) {
    return absl::DataLossError("the source is not the film that was indexed any more");
  }
  const AVStream& source = *input_->streams[source_stream];
  target->disposition = source.disposition;
  CopyTrackTags(source, target);
  return absl::OkStatus();
}

std::vector<int> TrackCopier::SampleRates() const {
  std::vector<int> rates;
  for (const std::unique_ptr<Track>& track : tracks_) {
    if (track != nullptr && track->target->codecpar->sample_rate > 0) {
      rates.push_back(track->target->codecpar->sample_rate);
    }
  }
  return rates;
}

absl::Status TrackCopier::WriteCoverArt() {
  for (const std::unique_ptr<Track>& track : tracks_) {
    if (track == nullptr || !track->cover) continue;
    const PacketPtr packet = NewPacket();
    if (av_packet_ref(packet.get(), &track->source->attached_pic) < 0) {
      return absl::ResourceExhaustedError("no memory for a cover");
    }
    packet->stream_index = track->target->index;
    packet->pts = packet->dts = 0;
    packet->flags |= AV_PKT_FLAG_KEY;
    const int error = av_interleaved_write_frame(output_, packet.get());
    if (error < 0) return AvStatus(error, "cannot write the cover picture");
  }
  return absl::OkStatus();
}

absl::Status TrackCopier::Write(Track* track, AVPacket* packet, AVRational time_base) {
  const bool audio = track->target->codecpar->codec_type == AVMEDIA_TYPE_AUDIO;
  if (packet->pts == AV_NOPTS_VALUE) packet->pts = packet->dts;
  if (packet->pts == AV_NOPTS_VALUE) return absl::OkStatus();  // belongs to no time
  if (packet->dts == AV_NOPTS_VALUE) packet->dts = packet->pts;
  if (window_.begin != INT64_MIN && av_compare_ts(packet->pts + packet->duration, time_base,
                                                  window_.begin, window_.time_base) <= 0) {
    return absl::OkStatus();
  }
  if (window_.end != INT64_MAX &&
      av_compare_ts(packet->pts, time_base, window_.end, window_.time_base) >= 0) {
    return absl::OkStatus();
  }
  if (!audio) {
    // Text that is on screen where the part begins or ends is there for its share of the time.
    int64_t from = packet->pts;
    int64_t to = packet->pts + packet->duration;
    if (window_.begin != INT64_MIN) {
      from = std::max(from, av_rescale_q(window_.begin, window_.time_base, time_base));
    }
    if (window_.end != INT64_MAX) {
      to = std::min(to, av_rescale_q(window_.end, window_.time_base, time_base));
    }
    packet->duration = std::max<int64_t>(0, to - from);
    packet->pts = packet->dts = from;
  }
  const int64_t shift = av_rescale_q(window_.shift, window_.time_base, time_base);
  packet->pts += shift;
  packet->dts += shift;
  av_packet_rescale_ts(packet, time_base, track->target->time_base);
  packet->dts =
      std::max(packet->dts, track->last_dts == INT64_MIN ? packet->dts : track->last_dts + 1);
  packet->pts = std::max(packet->pts, packet->dts);
  track->last_dts = packet->dts;
  packet->stream_index = track->target->index;
  packet->pos = -1;
  const int error = av_interleaved_write_frame(output_, packet);
  if (error < 0) return AvStatus(error, "cannot write " + Describe(*track->source));
  return absl::OkStatus();
}

absl::Status TrackCopier::Handle(AVPacket* packet) {
  Track* track = tracks_[static_cast<size_t>(packet->stream_index)].get();
  if (track == nullptr || track->cover) return absl::OkStatus();
  if (track->converter == nullptr) return Write(track, packet, track->source->time_base);
  std::vector<PacketPtr> converted;
  SF_RETURN_IF_ERROR(track->converter->Convert(packet, &converted));
  for (const PacketPtr& part : converted) {
    SF_RETURN_IF_ERROR(Write(track, part.get(), track->converter->time_base()));
  }
  return absl::OkStatus();
}

absl::Status TrackCopier::CopyUntil(int64_t time) {
  while (!ended_) {
    if (!holds_) {
      if (av_read_frame(input_.get(), held_.get()) < 0) {
        ended_ = true;
        break;
      }
      holds_ = true;
    }
    const int64_t at = held_->dts != AV_NOPTS_VALUE ? held_->dts : held_->pts;
    const AVRational time_base = input_->streams[held_->stream_index]->time_base;
    if (time != INT64_MAX && at != AV_NOPTS_VALUE &&
        av_compare_ts(at, time_base, time, window_.time_base) > 0) {
      return absl::OkStatus();
    }
    const absl::Status status = Handle(held_.get());
    av_packet_unref(held_.get());
    holds_ = false;
    SF_RETURN_IF_ERROR(status);
    // Tracks are interleaved to within this; what comes later is none of the part's.
    const int64_t slack = av_rescale_q(5, {1, 1}, window_.time_base);
    ended_ = window_.end != INT64_MAX && at != AV_NOPTS_VALUE &&
             av_compare_ts(at, time_base, window_.end + slack, window_.time_base) > 0;
  }
  return absl::OkStatus();
}

absl::Status TrackCopier::CopyRest() {
  SF_RETURN_IF_ERROR(CopyUntil(INT64_MAX));
  for (const std::unique_ptr<Track>& track : tracks_) {
    if (track == nullptr || track->converter == nullptr) continue;
    std::vector<PacketPtr> converted;
    SF_RETURN_IF_ERROR(track->converter->Convert(nullptr, &converted));
    for (const PacketPtr& part : converted) {
      SF_RETURN_IF_ERROR(Write(track.get(), part.get(), track->converter->time_base()));
    }
  }
  return absl::OkStatus();
}

}  // namespace stereofarm
