#ifndef STEREOFARM_COMMON_TIMELINE_FRAME_RANGE_H_
#define STEREOFARM_COMMON_TIMELINE_FRAME_RANGE_H_

#include <algorithm>
#include <cstdint>
#include <string>

namespace stereofarm {

// Frames [begin, end) of a film, numbered from 0 in presentation order.
struct FrameRange {
  int64_t begin = 0;
  int64_t end = 0;

  int64_t size() const { return std::max<int64_t>(0, end - begin); }
  bool empty() const { return end <= begin; }
  bool Contains(int64_t frame) const { return frame >= begin && frame < end; }
  bool Contains(const FrameRange& other) const { return other.begin >= begin && other.end <= end; }
  FrameRange Intersect(const FrameRange& other) const {
    const int64_t from = std::max(begin, other.begin);
    return {from, std::max(from, std::min(end, other.end))};
  }
  // Grown by `frames` on both sides, clamped to `limits`.
  FrameRange Grow(int64_t frames, const FrameRange& limits) const {
    return FrameRange{begin - frames, end + frames}.Intersect(limits);
  }
  auto operator<=>(const FrameRange&) const = default;
};

// "000120-000216": names a shard, its folders and its tasks.
std::string RangeName(const FrameRange& range);

// The part of one shot that one task works on: its core range, whose results count, inside `full`,
// which has the overlap to its neighbours on either side, clamped to the shot.
struct Shard {
  FrameRange core;
  FrameRange full;
  FrameRange shot;

  std::string Name() const { return RangeName(core); }
  bool operator==(const Shard&) const = default;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_TIMELINE_FRAME_RANGE_H_
