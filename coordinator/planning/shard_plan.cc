#include "coordinator/planning/shard_plan.h"

#include "common/base/log.h"

namespace stereofarm {
namespace {

// Border `index` of `parts` parts of `range`, alike in length to one frame.
int64_t Border(const FrameRange& range, int64_t parts, int64_t index) {
  const int64_t each = range.size() / parts;
  const int64_t longer = range.size() % parts;  // of them are one frame longer
  // Spread the longer ones evenly; both factors are below the count of parts.
  return range.begin + each * index + longer * index / parts;
}

int64_t PartsOf(const FrameRange& range, int most_frames) {
  return (range.size() + most_frames - 1) / most_frames;
}

}  // namespace

std::vector<Shard> PlanShot(FrameRange shot, int shard_frames, int overlap) {
  SF_CHECK(shard_frames >= 1 && overlap >= 0);
  const int64_t parts = PartsOf(shot, shard_frames);
  std::vector<Shard> out;
  out.reserve(static_cast<size_t>(parts));
  for (int64_t i = 0; i < parts; ++i) {
    const FrameRange core{Border(shot, parts, i), Border(shot, parts, i + 1)};
    out.push_back({.core = core, .full = core.Grow(overlap, shot), .shot = shot});
  }
  return out;
}

std::vector<FrameRange> PlanScan(int64_t frames, int range_frames) {
  SF_CHECK(range_frames >= 1);
  const FrameRange film{0, frames};
  const int64_t parts = PartsOf(film, range_frames);
  std::vector<FrameRange> out;
  out.reserve(static_cast<size_t>(parts));
  for (int64_t i = 0; i < parts; ++i) {
    out.push_back({Border(film, parts, i), Border(film, parts, i + 1)});
  }
  return out;
}

std::vector<FrameRange> ShotsOf(std::span<const int64_t> cuts, int64_t frames) {
  std::vector<FrameRange> out;
  int64_t begin = 0;
  for (int64_t cut : cuts) {
    SF_CHECK(cut > begin && cut < frames);
    out.push_back({begin, cut});
    begin = cut;
  }
  if (frames > begin) out.push_back({begin, frames});
  return out;
}

std::vector<size_t> PlanSections(std::span<const Shard> shards, int64_t section_frames) {
  std::vector<size_t> out;
  int64_t held = 0;
  for (size_t i = 0; i < shards.size(); ++i) {
    if (i == 0 || held + shards[i].core.size() > section_frames) {
      out.push_back(i);
      held = 0;
    }
    held += shards[i].core.size();
  }
  return out;
}

}  // namespace stereofarm
