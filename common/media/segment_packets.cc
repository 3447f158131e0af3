#include "common/media/segment_packets.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/media/segment.h"
#include "common/media/source_file.h"

namespace stereofarm {
namespace {

absl::StatusOr<InputPtr> OpenSegment(const std::filesystem::path& path) {
  absl::StatusOr<InputPtr> input = OpenSource(path);
  if (!input.ok()) {
    if (!absl::IsInvalidArgument(input.status())) return input.status();
    return absl::DataLossError(std::string(input.status().message()));
  }
  if ((*input)->nb_streams != 1 ||
      (*input)->streams[0]->codecpar->codec_type != AVMEDIA_TYPE_VIDEO) {
    return absl::DataLossError(
        absl::StrFormat("segment %s does not hold one picture track", path.string()));
  }
  return input;
}

// Segments count their frames in ticks of their time base.
int64_t FrameOf(const AVPacket& packet) { return packet.pts; }

bool SameParameters(const AVCodecParameters& a, const AVCodecParameters& b) {
  return a.codec_id == b.codec_id && a.width == b.width && a.height == b.height &&
         a.format == b.format && a.extradata_size == b.extradata_size &&
         (a.extradata_size == 0 ||
          std::memcmp(a.extradata, b.extradata, static_cast<size_t>(a.extradata_size)) == 0);
}

}  // namespace

absl::StatusOr<SegmentFacts> ReadSegmentFacts(const std::filesystem::path& path) {
  SF_ASSIGN_OR_RETURN(const InputPtr input, OpenSegment(path));
  const PacketPtr packet = NewPacket();
  std::vector<int64_t> shown;
  SegmentFacts facts;
  while (av_read_frame(input.get(), packet.get()) >= 0) {
    const bool key = (packet->flags & AV_PKT_FLAG_KEY) != 0;
    const bool cut = (packet->flags & AV_PKT_FLAG_CORRUPT) != 0;
    const int64_t frame = FrameOf(*packet);
    const auto number = static_cast<int64_t>(shown.size());
    av_packet_unref(packet.get());
    if (cut || (number == 0 && !key)) {
      return absl::DataLossError(absl::StrFormat(
          "segment %s %s", path.string(), cut ? "is cut off" : "does not begin with a key frame"));
    }
    shown.push_back(frame);
    facts.reorder_delay = std::max<int>(facts.reorder_delay, static_cast<int>(number - frame));
  }
  std::sort(shown.begin(), shown.end());
  for (size_t i = 0; i < shown.size(); ++i) {
    if (shown[i] != static_cast<int64_t>(i)) {
      return absl::DataLossError(absl::StrFormat("segment %s has a frame at %d where %d belongs",
                                                 path.string(), shown[i], i));
    }
  }
  if (shown.empty()) {
    return absl::DataLossError(absl::StrFormat("segment %s has no frames", path.string()));
  }
  facts.frames = static_cast<int64_t>(shown.size());
  return facts;
}

absl::StatusOr<int64_t> CheckSegment(const std::filesystem::path& path) {
  SF_ASSIGN_OR_RETURN(const SegmentFacts facts, ReadSegmentFacts(path));
  return facts.frames;
}

absl::StatusOr<SegmentPackets> SegmentPackets::Open(std::vector<std::filesystem::path> segments) {
  if (segments.empty()) return absl::InvalidArgumentError("a film needs at least one segment");
  SegmentPackets packets;
  packets.segments_ = std::move(segments);
  for (const std::filesystem::path& segment : packets.segments_) {
    SF_ASSIGN_OR_RETURN(const SegmentFacts facts, ReadSegmentFacts(segment));
    packets.counts_.push_back(facts.frames);
    packets.frames_ += facts.frames;
    packets.reorder_delay_ = std::max(packets.reorder_delay_, facts.reorder_delay);
  }
  SF_ASSIGN_OR_RETURN(packets.first_, OpenSegment(packets.segments_.front()));
  return packets;
}

absl::Status SegmentPackets::OpenNext() {
  const std::filesystem::path& path = segments_[opened_];
  SF_ASSIGN_OR_RETURN(current_, OpenSegment(path));
  if (!SameParameters(*first_->streams[0]->codecpar, *current_->streams[0]->codecpar)) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "segment %s was encoded with other settings than the first one", path.string()));
  }
  if (opened_ > 0) base_ += counts_[opened_ - 1];
  ++opened_;
  return absl::OkStatus();
}

absl::StatusOr<bool> SegmentPackets::Next(AVPacket* packet, int64_t* frame) {
  while (true) {
    if (current_ == nullptr) {
      if (opened_ == segments_.size()) return false;
      SF_RETURN_IF_ERROR(OpenNext());
    }
    if (av_read_frame(current_.get(), packet) >= 0) {
      *frame = base_ + FrameOf(*packet);
      return true;
    }
    current_.reset();
  }
}

}  // namespace stereofarm
