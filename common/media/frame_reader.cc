#include "common/media/frame_reader.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "common/base/log.h"
#include "common/media/ffmpeg.h"
#include "common/media/indexed_packet_reader.h"
#include "common/media/orientation.h"
#include "common/media/picture_frame.h"
#include "common/media/source_file.h"

namespace stereofarm {
namespace {

// How far back the frame that stands in for a broken one is looked for.
constexpr int64_t kLookBack = 64;

class DecodingFrameReader : public FrameReader {
 public:
  DecodingFrameReader(FilmFile film, std::shared_ptr<const FrameIndex> index, FrameRange range,
                      int threads)
      : film_(std::move(film)),
        index_(std::move(index)),
        range_(range),
        next_(range.begin),
        threads_(threads) {}

  absl::Status Start() {
    SF_ASSIGN_OR_RETURN(packets_, IndexedPacketReader::Open(film_, index_));
    SF_ASSIGN_OR_RETURN(decoder_, OpenDecoder(packets_->stream(), threads_));
    orientation_ = OrientationOf(packets_->stream());
    frame_of_packet_.assign(index_->packets.size(), -1);
    for (size_t i = 0; i < index_->frames.size(); ++i) {
      frame_of_packet_[static_cast<size_t>(index_->frames[i].packet)] = static_cast<int64_t>(i);
    }
    packet_ = NewPacket();
    if (range_.empty()) return absl::OkStatus();
    start_ = static_cast<int64_t>(index_->packets.size());
    for (int64_t i = range_.begin; i < range_.end; ++i) {
      start_ = std::min(start_, index_->frames[static_cast<size_t>(i)].decode_from_packet);
    }
    return packets_->SeekTo(start_);
  }

  absl::StatusOr<std::optional<DecodedFrame>> Next() override {
    if (next_ >= range_.end) return std::optional<DecodedFrame>();
    while (ahead_.empty() && !drained_) {
      SF_RETURN_IF_ERROR(DecodeOne());
    }
    if (!ahead_.empty() && ahead_number_ == next_) {
      last_ = std::exchange(ahead_, Picture());
      return Deliver();
    }
    SF_RETURN_IF_ERROR(ReplaceMissing());
    return Deliver();
  }

  // The last frame of the range that decodes: nothing when none does.
  absl::StatusOr<Picture> LastThatDecodes() {
    while (!drained_ && ahead_number_ < range_.end - 1) {
      ahead_ = Picture();
      SF_RETURN_IF_ERROR(DecodeOne());
      if (!ahead_.empty() && ahead_number_ < range_.end) last_ = ahead_;
    }
    return last_;
  }

 private:
  std::optional<DecodedFrame> Deliver() {
    const int64_t number = next_++;
    return DecodedFrame{number, index_->frames[static_cast<size_t>(number)].pts, last_};
  }

  // Decodes until there's a frame of the range in ahead_, or one packet has been used up.
  absl::Status DecodeOne() {
    FramePtr frame = NewFrame();
    const int got = avcodec_receive_frame(decoder_.get(), frame.get());
    if (got == AVERROR_EOF) {
      drained_ = true;
      return absl::OkStatus();
    }
    if (got == AVERROR(EAGAIN)) return Feed();
    if (got < 0) return absl::OkStatus();  // a broken frame; it will be missing
    const int64_t packet = frame->pts;
    if (packet < 0 || packet >= static_cast<int64_t>(frame_of_packet_.size())) {
      return absl::OkStatus();
    }
    const int64_t number = frame_of_packet_[static_cast<size_t>(packet)];
    if (number < next_) {
      // Before the range, but it may have to stand in for the first frame of it.
      if (number > before_number_ && number + kLookBack >= next_ &&
          index_->frames[static_cast<size_t>(number)].decode_from_packet >= start_) {
        before_ = std::move(frame);
        before_number_ = number;
      }
      return absl::OkStatus();
    }
    SF_ASSIGN_OR_RETURN(ahead_, Upright(std::move(frame)));
    ahead_number_ = number;
    return absl::OkStatus();
  }

  absl::Status Feed() {
    int64_t number = 0;
    SF_ASSIGN_OR_RETURN(const bool more, packets_->Next(packet_.get(), &number));
    if (!more) {
      avcodec_send_packet(decoder_.get(), nullptr);
      return absl::OkStatus();
    }
    // The number travels through the decoder in place of the time: it is what tells frames apart.
    packet_->pts = number;
    packet_->dts = number;
    const int sent = avcodec_send_packet(decoder_.get(), packet_.get());
    av_packet_unref(packet_.get());
    if (sent == AVERROR(ENOMEM)) return AvStatus(sent, "cannot decode " + film_.path.string());
    return absl::OkStatus();  // a broken packet; its frame will be missing
  }

  // All pictures have the size and format that the index says, whatever the film does on the way.
  absl::StatusOr<Picture> Upright(FramePtr frame) {
    SF_ASSIGN_OR_RETURN(Picture picture, PictureOf(std::move(frame), orientation_));
    const VideoInfo& video = index_->video;
    if (picture.width() == video.width && picture.height() == video.height &&
        picture.pixel_format() == video.pixel_format) {
      return picture;
    }
    if (converter_ == nullptr) converter_ = std::make_unique<ColorConverter>(video.color);
    if (picture.width() != video.width || picture.height() != video.height) {
      SF_ASSIGN_OR_RETURN(picture, converter_->Resize(picture, video.width, video.height));
    }
    return converter_->ToFormat(picture, video.pixel_format);
  }

  absl::Status ReplaceMissing() {
    SF_LOG(kWarning) << film_.path.string() << ": frame " << next_
                     << " does not decode; the frame beside it stands in for it";
    if (!last_.empty()) return absl::OkStatus();
    if (before_ != nullptr) {
      SF_ASSIGN_OR_RETURN(last_, Upright(std::move(before_)));
      return absl::OkStatus();
    }
    if (next_ > 0) {
      DecodingFrameReader before(film_, index_, {std::max<int64_t>(0, next_ - kLookBack), next_},
                                 threads_);
      SF_RETURN_IF_ERROR(before.Start());
      SF_ASSIGN_OR_RETURN(last_, before.LastThatDecodes());
    }
    if (last_.empty()) last_ = ahead_;
    if (last_.empty()) {
      return absl::DataLossError(
          absl::StrFormat("no frame near frame %d of %s decodes", next_, film_.path.string()));
    }
    return absl::OkStatus();
  }

  const FilmFile film_;
  const std::shared_ptr<const FrameIndex> index_;
  const FrameRange range_;
  int64_t next_;
  int64_t start_ = 0;  // packet where decoding began
  const int threads_;
  std::unique_ptr<IndexedPacketReader> packets_;
  CodecContextPtr decoder_;
  Orientation orientation_;
  std::vector<int64_t> frame_of_packet_;  // -1: none
  PacketPtr packet_;
  std::unique_ptr<ColorConverter> converter_;
  Picture ahead_;  // decoded, not delivered yet; ahead_number_ is its frame
  int64_t ahead_number_ = -1;
  Picture last_;
  FramePtr before_;
  int64_t before_number_ = -1;
  bool drained_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<FrameReader>> FrameReader::Open(
    const FilmFile& film, std::shared_ptr<const FrameIndex> index, FrameRange range, int threads) {
  if (range.begin < 0 || range.end > index->frame_count() || range.begin > range.end) {
    return absl::InvalidArgumentError(
        absl::StrFormat("frames %d to %d are not all in %s, which has %d", range.begin, range.end,
                        film.path.string(), index->frame_count()));
  }
  auto reader = std::make_unique<DecodingFrameReader>(film, std::move(index), range, threads);
  SF_RETURN_IF_ERROR(reader->Start());
  return std::unique_ptr<FrameReader>(std::move(reader));
}

}  // namespace stereofarm
