#ifndef STEREOFARM_COMMON_MEDIA_SEGMENT_PACKETS_H_
#define STEREOFARM_COMMON_MEDIA_SEGMENT_PACKETS_H_

#include <cstdint>
#include <filesystem>
#include <vector>

#include "common/base/status.h"
#include "common/media/ffmpeg.h"

namespace stereofarm {

// What a pass over a segment's packets shows.
struct SegmentFacts {
  int64_t frames = 0;
  int reorder_delay = 0;  // packets by which decoding has to be ahead of showing
};

// DataLoss unless the frames of the segment have the timestamps 0, 1, 2, … and it begins with a
// key frame.
absl::StatusOr<SegmentFacts> ReadSegmentFacts(const std::filesystem::path& path);

// The packets of a row of segments as one stream.
class SegmentPackets {
 public:
  // Reads all segments once: counts frames, finds the reorder delay.
  static absl::StatusOr<SegmentPackets> Open(std::vector<std::filesystem::path> segments);

  int64_t frames() const { return frames_; }
  int reorder_delay() const { return reorder_delay_; }
  // Of the first segment; they're all alike.
  const AVStream& stream() const { return *first_->streams[0]; }

  // The next packet in decode order; `frame` is the number of its frame in the row. False at the
  // end. InvalidArgument when a segment was encoded with other settings than the first.
  absl::StatusOr<bool> Next(AVPacket* packet, int64_t* frame);

 private:
  SegmentPackets() = default;
  absl::Status OpenNext();

  std::vector<std::filesystem::path> segments_;
  std::vector<int64_t> counts_;
  InputPtr first_;    // for its codec parameters
  InputPtr current_;  // null between segments
  size_t opened_ = 0;
  int64_t base_ = 0;  // frames in the segments before the current one
  int64_t frames_ = 0;
  int reorder_delay_ = 0;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_MEDIA_SEGMENT_PACKETS_H_
