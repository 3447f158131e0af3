#ifndef STEREOFARM_COORDINATOR_PLANNING_SHARD_PLAN_H_
#define STEREOFARM_COORDINATOR_PLANNING_SHARD_PLAN_H_

#include <cstdint>
#include <span>
#include <vector>

#include "common/timeline/frame_range.h"

namespace stereofarm {

// Cuts one shot into shards. The cores tile it in order, are as few as can be with at most
// `shard_frames` frames each, and differ by one frame at most; where they lie depends on the shot
// and `shard_frames` alone, so a different overlap or another shot's new cut renames nothing.
// `full` is the core and `overlap` frames on either side, clamped to the shot. An empty shot has
// none. Needs shard_frames >= 1, overlap >= 0.
std::vector<Shard> PlanShot(FrameRange shot, int shard_frames, int overlap);

// Ranges of at most `range_frames` frames, alike in length, that tile frames 0 .. frames-1.
std::vector<FrameRange> PlanScan(int64_t frames, int range_frames);

// Shots between `cuts` (first frames of the shots but the first, ascending, inside 0 .. frames).
std::vector<FrameRange> ShotsOf(std::span<const int64_t> cuts, int64_t frames);

// Splits a shot's shards into sections that are reconciled one after another, each of at most
// `section_frames` core frames (or one shard): the index of each section's first shard, ascending
// from 0. A section's end moves when the shot's does, never when shards after it are added.
std::vector<size_t> PlanSections(std::span<const Shard> shards, int64_t section_frames);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_PLANNING_SHARD_PLAN_H_
