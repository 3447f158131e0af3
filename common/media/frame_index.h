#ifndef STEREOFARM_COMMON_MEDIA_FRAME_INDEX_H_
#define STEREOFARM_COMMON_MEDIA_FRAME_INDEX_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/media/media_info.h"
#include "common/timeline/rational.h"

namespace stereofarm {

// One frame of the film, in presentation order.
struct IndexedFrame {
  int64_t pts = 0;  // in FrameIndex::time_base, strictly rising; rebuilt where the file has none
  int64_t duration = 0;  // until the next frame; of the last one, its packet's or the one before
  // Where a decoder has to be started to get this frame: the packet's number in decode order of the
  // nearest key packet from which it decodes right (open GOPs: the one before where needed), and
  // that packet's timestamp for seeking.
  int64_t decode_from_packet = 0;
  int64_t packet = 0;  // the number in decode order of the (first) packet that codes it
  bool operator==(const IndexedFrame&) const = default;
};

// One packet of the picture track, in decode order.
struct IndexedPacket {
  int64_t dts = 0;  // as the demuxer gives it, or kNoTimestamp
  int64_t pts = 0;  // likewise
  int64_t position = 0;
  int32_t size = 0;
  bool key = false;
  uint64_t hash = 0;  // first 8 bytes of the SHA-256 of its data
  bool operator==(const IndexedPacket&) const = default;
};

inline constexpr int64_t kNoTimestamp = INT64_MIN;

// Every frame of a film's picture track, from its packets alone. Reading the index of a two-hour
// film is a matter of reading its packets once.
struct FrameIndex {
  VideoInfo video;
  Rational time_base;
  std::vector<IndexedFrame> frames;
  std::vector<IndexedPacket> packets;
  int64_t file_size = 0;
  // SHA-256 over size, time base and all packets: the source's identity, in every stage key.
  std::string source_identity;

  int64_t frame_count() const { return static_cast<int64_t>(frames.size()); }
  double SecondsOf(int64_t frame) const {
    return static_cast<double>(frames[static_cast<size_t>(frame)].pts) * time_base.ToDouble();
  }
};

// Reads all packets of `path`. A file whose end is cut off is indexed as far as it goes.
// InvalidArgument when it has no frames. `progress` (may be null) is called now and then with the
// share that has been read, 0..1, and stops the reading with Cancelled when it returns false.
absl::StatusOr<FrameIndex> BuildFrameIndex(const std::filesystem::path& path,
                                           bool (*progress)(double share, void* context) = nullptr,
                                           void* context = nullptr);

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_MEDIA_FRAME_INDEX_H_
