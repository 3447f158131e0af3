#ifndef STEREOFARM_COMMON_MEDIA_FILM_CLOCK_H_
#define STEREOFARM_COMMON_MEDIA_FILM_CLOCK_H_

#include <cstdint>

#include "common/media/ffmpeg.h"
#include "common/media/frame_index.h"
#include "common/media/track_copier.h"
#include "common/timeline/frame_range.h"

namespace stereofarm {

// The times of a film's frames in the finished file: the source's, for a part of it shifted so that
// its first frame is at 0. Frames are numbered from the start of the part, packets in decode order.
// The index must outlive it.
class FilmClock {
 public:
  // `reorder_delay`: packets by which decoding is ahead of showing.
  FilmClock(const FrameIndex& index, const FrameRange& range, int reorder_delay);

  // In a container's time base: exact where it can be, else the nearest tick of the exact value.
  int64_t Pts(int64_t frame, AVRational time_base) const;
  // Packet k is decoded at the time at which frame k - delay is shown; the first ones before the
  // first frame. Never later than the packet's own PTS, always rising where PTS are.
  int64_t Dts(int64_t packet, AVRational time_base) const;
  int64_t Duration(int64_t frame, AVRational time_base) const;

  // The packet's decoding time in the source's own time, to interleave the other tracks by.
  int64_t SourceDts(int64_t packet) const;
  // What of the source's other tracks belongs to the film.
  const TimeWindow& window() const { return window_; }
  // The source's time base as containers want it: one tick divides every frame's time.
  // `exact_only`: the container writes nothing but 32-bit ticks and durations.
  AVRational OutputTimeBase(bool exact_only) const;
  int64_t frames() const { return range_.size(); }

 private:
  int64_t SourcePts(int64_t frame) const {
    return index_.frames[static_cast<size_t>(range_.begin + frame)].pts;
  }

  const FrameIndex& index_;
  FrameRange range_;
  int reorder_delay_;
  AVRational time_base_;
  TimeWindow window_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_MEDIA_FILM_CLOCK_H_
