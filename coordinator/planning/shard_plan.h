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

// Fewer shards than these need no skeleton: drift hasn't the time to add up.
inline constexpr size_t kSkeletonShards = 4;
// What a network of video infers in a few windows that share key frames.
inline constexpr int64_t kSkeletonFrames = 64;

// The frames of a skeleton of adjoining shards: spread evenly over them, at most
// kSkeletonFrames, two a shard while there are few, each one of those of which its shard keeps
// samples whatever its overlap. Ascending.
std::vector<int64_t> SkeletonFrames(std::span<const Shard> shards);

// Frames all over a shot or a part of it that are looked at together.
struct Skeleton {
  FrameRange range;
  std::vector<int64_t> frames;  // ascending
};

// The skeletons of a shot of at least kSkeletonShards shards, coarse ones first. The first one
// spans the shot. Where it has less than one frame a shard, up to kSkeletonParts finer ones tile
// it, two frames a shard while there are few, besides those that the coarser one has there; and so
// on until every shard has a frame. `shards`: all of the shot.
std::vector<Skeleton> PlanSkeletons(std::span<const Shard> shards);

// So many finer skeletons leave each at least four frames in common with the coarser one.
inline constexpr int64_t kSkeletonParts = kSkeletonFrames / 4;

// So often a shard may run again with more overlap.
inline constexpr int kMostWidenings = 2;

// The planned shard after so many widenings: each doubles the overlap, up to the core's own length.
// Its name stays. Where nothing more is to be had, at the shot's ends, it stays as it is.
Shard Widened(const Shard& planned, int overlap, int widenings);

// Ranges of at most `range_frames` frames, alike in length, that tile frames 0 .. frames-1.
std::vector<FrameRange> PlanScan(int64_t frames, int range_frames);

// Shots between `cuts` (first frames of the shots but the first, ascending, inside 0 .. frames).
std::vector<FrameRange> ShotsOf(std::span<const int64_t> cuts, int64_t frames);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_PLANNING_SHARD_PLAN_H_
