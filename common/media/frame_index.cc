#include "common/media/frame_index.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"
#include "common/base/hash.h"
#include "common/media/ffmpeg.h"
#include "common/media/frame_order.h"
#include "common/media/packet_facts.h"
#include "common/media/packet_hash.h"
#include "common/media/source_file.h"
#include "common/media/video_info.h"

namespace stereofarm {
namespace {

int64_t TimeOf(int64_t value) { return value == AV_NOPTS_VALUE ? kNoTimestamp : value; }

OrderedPacket Ordered(const AVPacket& packet, const PacketFacts& facts) {
  OrderedPacket ordered;
  ordered.pts = TimeOf(packet.pts);
  ordered.dts = TimeOf(packet.dts);
  ordered.duration = packet.duration;
  ordered.visible = facts.visible;
  ordered.second_field = facts.second_field;
  ordered.random_access = facts.random_access;
  ordered.starts_sequence = facts.starts_sequence;
  ordered.is_b = facts.is_b;
  ordered.has_order = facts.has_order;
  ordered.order = facts.order;
  return ordered;
}

int64_t NominalDuration(const AVStream& stream) {
  const AVRational rate =
      stream.avg_frame_rate.num > 0 ? stream.avg_frame_rate : stream.r_frame_rate;
  if (rate.num <= 0 || rate.den <= 0) return 1;
  return std::max<int64_t>(1, av_rescale_q(1, av_inv_q(rate), stream.time_base));
}

void AppendNumber(int64_t value, std::string* bytes) {
  for (int i = 0; i < 8; ++i) {
    bytes->push_back(static_cast<char>(static_cast<uint64_t>(value) >> (8 * i)));
  }
}

std::string IdentityOf(const FrameIndex& index) {
  std::string bytes;
  for (const int64_t value : {index.file_size, index.time_base.num, index.time_base.den}) {
    AppendNumber(value, &bytes);
  }
  Sha256 hash;
  hash.Update(bytes);
  for (const IndexedPacket& packet : index.packets) {
    bytes.clear();
    AppendNumber(packet.dts, &bytes);
    AppendNumber(packet.pts, &bytes);
    AppendNumber(packet.size, &bytes);
    AppendNumber(packet.key ? 1 : 0, &bytes);
    AppendNumber(static_cast<int64_t>(packet.hash), &bytes);
    hash.Update(bytes);
  }
  return hash.Finish();
}

}  // namespace

uint64_t PacketHash(const AVPacket& packet) {
  uint64_t hash = 0;
  const std::string digits =
      Sha256Hex({reinterpret_cast<const char*>(packet.data), static_cast<size_t>(packet.size)});
  for (int i = 0; i < 16; ++i) {
    const char c = digits[static_cast<size_t>(i)];
    hash = hash << 4 | static_cast<uint64_t>(c <= '9' ? c - '0' : c - 'a' + 10);
  }
  return hash;
}

absl::StatusOr<FrameIndex> BuildFrameIndex(const std::filesystem::path& path,
                                           bool (*progress)(double share, void* context),
                                           void* context) {
  SF_ASSIGN_OR_RETURN(const InputPtr input, OpenSource(path));
  SF_ASSIGN_OR_RETURN(const int picture, PictureTrack(*input, path));
  FrameIndex index;
  SF_ASSIGN_OR_RETURN(index.video, DescribePicture(*input, picture, path));
  index.time_base = index.video.time_base;
  SF_ASSIGN_OR_RETURN(index.file_size, FileSize(path));
  const AVStream& stream = *input->streams[picture];
  for (unsigned i = 0; i < input->nb_streams; ++i) {
    if (static_cast<int>(i) != picture) input->streams[i]->discard = AVDISCARD_ALL;
  }

  PacketInspector inspector(stream);
  std::vector<OrderedPacket> ordered;
  const PacketPtr packet = NewPacket();
  bool last_is_cut = false;
  constexpr int64_t kPacketsPerProgress = 256;
  int64_t packets_read = 0;
  while (av_read_frame(input.get(), packet.get()) >= 0) {
    if (packet->stream_index == picture) {
      last_is_cut = (packet->flags & AV_PKT_FLAG_CORRUPT) != 0;
      IndexedPacket indexed;
      indexed.dts = TimeOf(packet->dts);
      indexed.pts = TimeOf(packet->pts);
      indexed.position = packet->pos;
      indexed.size = packet->size;
      indexed.key = (packet->flags & AV_PKT_FLAG_KEY) != 0;
      indexed.hash = PacketHash(*packet);
      index.packets.push_back(indexed);
      ordered.push_back(Ordered(*packet, inspector.Inspect(*packet)));
    }
    av_packet_unref(packet.get());
    if (progress != nullptr && packets_read++ % kPacketsPerProgress == 0) {
      const int64_t position = input->pb == nullptr ? 0 : avio_tell(input->pb);
      const double share = static_cast<double>(position) /
                           static_cast<double>(std::max<int64_t>(1, index.file_size));
      if (!progress(std::clamp(share, 0.0, 1.0), context)) {
        return absl::CancelledError(
            absl::StrFormat("reading the index of %s was stopped", path.string()));
      }
    }
  }
  // The packet in which a cut-off file ends doesn't decode.
  if (last_is_cut) {
    index.packets.pop_back();
    ordered.pop_back();
  }
  index.frames = OrderFrames(ordered, NominalDuration(stream));
  if (index.frames.empty()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s has a picture track without a single frame", path.string()));
  }
  index.source_identity = IdentityOf(index);
  return index;
}

}  // namespace stereofarm
