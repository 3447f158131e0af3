#include "common/media/film_clock.h"

#include <algorithm>
#include <numeric>

namespace stereofarm {

FilmClock::FilmClock(const FrameIndex& index, const FrameRange& range, int reorder_delay)
    : index_(index),
      range_(range),
      reorder_delay_(reorder_delay),
      time_base_(ToAv(index.time_base)) {
  window_.time_base = time_base_;
  if (range.begin > 0) {
    window_.begin = SourcePts(0);
    window_.shift = -window_.begin;
  } else {
    // No container holds a film that begins before 0.
    window_.shift = std::max<int64_t>(0, -SourcePts(0));
  }
  if (range.end < index.frame_count()) {
    window_.end = index.frames[static_cast<size_t>(range.end)].pts;
  }
}

int64_t FilmClock::Pts(int64_t frame, AVRational time_base) const {
  return av_rescale_q(SourcePts(frame) + window_.shift, time_base_, time_base);
}

int64_t FilmClock::Dts(int64_t packet, AVRational time_base) const {
  if (packet >= reorder_delay_) return Pts(packet - reorder_delay_, time_base);
  const int64_t step = std::max<int64_t>(1, Duration(0, time_base));
  return Pts(0, time_base) - (reorder_delay_ - packet) * step;
}

int64_t FilmClock::Duration(int64_t frame, AVRational time_base) const {
  if (frame + 1 < frames()) return Pts(frame + 1, time_base) - Pts(frame, time_base);
  const int64_t own = index_.frames[static_cast<size_t>(range_.begin + frame)].duration;
  return std::max<int64_t>(1, av_rescale_q(own, time_base_, time_base));
}

int64_t FilmClock::SourceDts(int64_t packet) const {
  return SourcePts(std::clamp<int64_t>(packet - reorder_delay_, 0, frames() - 1));
}

AVRational FilmClock::OutputTimeBase(bool exact_only) const {
  if (!exact_only || time_base_.num == 1) {
    constexpr int kFinestTick = 1000000;
    if (!exact_only || time_base_.den <= kFinestTick) return time_base_;
  }
  // As coarse as it can be: 32 bits hold more seconds then.
  int64_t common = time_base_.den;
  for (int64_t i = 0; i < frames() && common > 1; ++i) {
    const int64_t pts = (SourcePts(i) + window_.shift) * time_base_.num;
    common = std::gcd(common, pts);
  }
  return {1, static_cast<int>(time_base_.den / std::max<int64_t>(1, common))};
}

}  // namespace stereofarm
