#include "coordinator/planning/shard_plan.h"

#include <algorithm>
#include <cstdlib>

#include "common/base/log.h"
#include "common/farm/seam_samples.h"

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

Shard Widened(const Shard& planned, int overlap, int widenings) {
  SF_CHECK(overlap >= 0 && widenings >= 0 && widenings <= kMostWidenings);
  const int64_t most = std::max<int64_t>(overlap, planned.core.size());
  const int64_t wide = std::min(int64_t{overlap} << widenings, most);
  Shard out = planned;
  out.full = planned.core.Grow(wide, planned.shot);
  return out;
}

std::vector<int64_t> SkeletonFrames(std::span<const Shard> shards) {
  std::vector<int64_t> out;
  if (shards.empty()) return out;
  const FrameRange range{shards.front().core.begin, shards.back().core.end};
  const int64_t frames = std::min<int64_t>(kSkeletonFrames, 2 * std::ssize(shards));
  size_t at = 0;
  for (int64_t k = 0; k < frames; ++k) {
    const int64_t wanted = range.begin + (2 * k + 1) * range.size() / (2 * frames);
    while (!shards[at].core.Contains(wanted)) ++at;
    const FrameRange& core = shards[at].core;
    const int64_t nearest = (wanted + kRangeFrameStep / 2) / kRangeFrameStep * kRangeFrameStep;
    int64_t kept = wanted - core.begin < core.end - 1 - wanted ? core.begin : core.end - 1;
    if (core.Contains(nearest) && std::abs(nearest - wanted) < std::abs(kept - wanted)) {
      kept = nearest;
    }
    if (out.empty() || out.back() < kept) out.push_back(kept);
  }
  return out;
}

namespace {

// Appends those that are finer than `coarse`, which spans `shards`.
void AddFiner(std::span<const Shard> shards, const Skeleton& coarse, std::vector<Skeleton>* out) {
  const int64_t count = std::ssize(shards);
  if (count <= kSkeletonFrames) return;
  const int64_t parts =
      std::min(kSkeletonParts, (2 * count + kSkeletonFrames - 1) / kSkeletonFrames);
  for (int64_t i = 0; i < parts; ++i) {
    const int64_t begin = count * i / parts;
    const int64_t end = count * (i + 1) / parts;
    const auto part = shards.subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
    Skeleton finer{.range = {part.front().core.begin, part.back().core.end},
                   .frames = SkeletonFrames(part)};
    for (const int64_t frame : coarse.frames) {
      if (finer.range.Contains(frame)) finer.frames.push_back(frame);
    }
    std::sort(finer.frames.begin(), finer.frames.end());
    finer.frames.erase(std::unique(finer.frames.begin(), finer.frames.end()), finer.frames.end());
    out->push_back(finer);
    AddFiner(part, finer, out);
  }
}

}  // namespace

std::vector<Skeleton> PlanSkeletons(std::span<const Shard> shards) {
  if (shards.size() < kSkeletonShards) return {};
  const Skeleton whole{.range = shards[0].shot, .frames = SkeletonFrames(shards)};
  std::vector<Skeleton> out = {whole};
  AddFiner(shards, whole, &out);
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

}  // namespace stereofarm
