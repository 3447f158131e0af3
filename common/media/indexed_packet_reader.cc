#include "common/media/indexed_packet_reader.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"
#include "common/media/packet_hash.h"
#include "common/media/source_file.h"

namespace stereofarm {
namespace {

// A jump that is shorter than this is read through.
constexpr int64_t kPacketsWorthSeeking = 8;
// A packet that the index has several times says nothing of where one is; of so many in a row, one
// will be the only one of its kind.
constexpr int kPacketsToLocate = 64;

}  // namespace

absl::StatusOr<std::unique_ptr<IndexedPacketReader>> IndexedPacketReader::Open(
    const FilmFile& film, std::shared_ptr<const FrameIndex> index) {
  std::unique_ptr<IndexedPacketReader> reader(new IndexedPacketReader(film, std::move(index)));
  reader->held_ = NewPacket();
  SF_RETURN_IF_ERROR(reader->Reopen());
  return reader;
}

absl::Status IndexedPacketReader::Replaced() const {
  return absl::DataLossError(
      absl::StrFormat("%s is not the film that was indexed any more; it was changed or replaced",
                      film_.path.string()));
}

absl::Status IndexedPacketReader::Missing() const {
  const absl::Status error = ReadError(input_);
  return error.ok() ? Replaced() : error;
}

absl::Status IndexedPacketReader::Reopen() {
  SF_ASSIGN_OR_RETURN(const int64_t size, film_.Size());
  if (size != index_->file_size) return Replaced();
  absl::StatusOr<InputPtr> input = OpenSource(film_);
  if (!input.ok()) {
    return absl::IsInvalidArgument(input.status()) ? Replaced() : input.status();
  }
  input_ = std::move(*input);
  const int picture = index_->video.stream_index;
  if (picture < 0 || picture >= static_cast<int>(input_->nb_streams)) return Replaced();
  for (unsigned i = 0; i < input_->nb_streams; ++i) {
    if (static_cast<int>(i) != picture) input_->streams[i]->discard = AVDISCARD_ALL;
  }
  next_ = 0;
  holds_ = false;
  return absl::OkStatus();
}

bool IndexedPacketReader::ReadPicturePacket(AVPacket* packet) {
  while (av_read_frame(input_.get(), packet) >= 0) {
    if (packet->stream_index == index_->video.stream_index) return true;
    av_packet_unref(packet);
  }
  return false;
}

bool IndexedPacketReader::Matches(const AVPacket& packet, int64_t number) const {
  const IndexedPacket& indexed = index_->packets[static_cast<size_t>(number)];
  return indexed.size == packet.size && indexed.hash == PacketHash(packet);
}

bool IndexedPacketReader::Locate(int64_t wanted) {
  // Numbers that the packets read so far may have had, minus how many were read.
  std::vector<int64_t> starts;
  const auto count = static_cast<int64_t>(index_->packets.size());
  int64_t read = 0;
  int64_t at = -1;
  while (ReadPicturePacket(held_.get())) {
    const uint64_t hash = PacketHash(*held_);
    const auto matches = [&](int64_t number) {
      if (number < 0 || number >= count) return false;
      const IndexedPacket& indexed = index_->packets[static_cast<size_t>(number)];
      return indexed.hash == hash && indexed.size == held_->size &&
             (indexed.position < 0 || held_->pos < 0 || indexed.position == held_->pos);
    };
    if (at >= 0) {
      ++at;
      if (at >= count || !Matches(*held_, at)) return false;
    } else {
      if (starts.empty()) {
        // Nothing known yet, or nothing matched (the first packet after a jump may be a part).
        read = 0;
        for (int64_t number = 0; number <= wanted; ++number) {
          if (matches(number)) starts.push_back(number);
        }
      } else {
        std::erase_if(starts, [&](int64_t start) { return !matches(start + read); });
      }
      ++read;
      if (starts.size() == 1) at = starts.front() + read - 1;
      // All that fit are copies of one another: the last to reach `wanted` would skip packets.
      if (read > kPacketsToLocate) return false;
    }
    if (at == wanted) {
      holds_ = true;
      next_ = wanted;
      return true;
    }
    if (at > wanted) return false;
    av_packet_unref(held_.get());
  }
  return false;
}

absl::Status IndexedPacketReader::SeekTo(int64_t packet_number) {
  if (packet_number >= next_ && packet_number - next_ < kPacketsWorthSeeking) {
    const PacketPtr packet = NewPacket();
    int64_t number = 0;
    while (next_ < packet_number) {
      SF_ASSIGN_OR_RETURN(const bool more, Next(packet.get(), &number));
      if (!more) return Missing();
      av_packet_unref(packet.get());
    }
    return absl::OkStatus();
  }
  if (holds_) av_packet_unref(held_.get());
  holds_ = false;
  const IndexedPacket& target = index_->packets[static_cast<size_t>(packet_number)];
  const bool seekable = packet_number >= kPacketsWorthSeeking;
  const int64_t time = target.dts != kNoTimestamp ? target.dts : target.pts;
  if (seekable && time != kNoTimestamp) {
    // The second try begins well before: some containers' seeking lands late.
    const int64_t back = static_cast<int64_t>(2 / std::max(1e-9, index_->time_base.ToDouble()));
    for (const int64_t wanted : {time, time - back}) {
      if (av_seek_frame(input_.get(), index_->video.stream_index, wanted, AVSEEK_FLAG_BACKWARD) <
          0) {
        break;
      }
      if (Locate(packet_number)) return absl::OkStatus();
      SF_RETURN_IF_ERROR(ReadError(input_));
      if (holds_) av_packet_unref(held_.get());
      holds_ = false;
    }
  }
  // From the start, comparing every packet on the way.
  SF_RETURN_IF_ERROR(Reopen());
  const PacketPtr packet = NewPacket();
  int64_t number = 0;
  while (next_ < packet_number) {
    SF_ASSIGN_OR_RETURN(const bool more, Next(packet.get(), &number));
    if (!more) return Missing();
    av_packet_unref(packet.get());
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> IndexedPacketReader::Next(AVPacket* packet, int64_t* number) {
  if (next_ >= static_cast<int64_t>(index_->packets.size())) return false;
  if (holds_) {
    av_packet_move_ref(packet, held_.get());
    holds_ = false;
  } else if (!ReadPicturePacket(packet)) {
    return Missing();
  }
  if (!Matches(*packet, next_)) {
    av_packet_unref(packet);
    // A read error also cuts the packet short that it happens in.
    return Missing();
  }
  *number = next_++;
  return true;
}

}  // namespace stereofarm
