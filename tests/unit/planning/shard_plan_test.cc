#include "coordinator/planning/shard_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include "common/base/random.h"
#include "common/farm/seam_samples.h"

namespace stereofarm {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ShardPlanTest, CoresTileEveryShotAndOverlapStaysInside) {
  constexpr uint64_t kSeed = 20240611;
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  const auto random = SeededRandom(kSeed);
  for (int trial = 0; trial < 3000; ++trial) {
    const auto begin = static_cast<int64_t>(random->Next() % 100000);
    const auto size = static_cast<int64_t>(random->Next() % (trial % 2 == 0 ? 20 : 5000));
    const int most = 1 + static_cast<int>(random->Next() % 300);
    const int overlap = static_cast<int>(random->Next() % 60);
    const FrameRange shot{begin, begin + size};
    const std::vector<Shard> shards = PlanShot(shot, most, overlap);
    int64_t at = begin;
    int64_t least = size;
    int64_t longest = 0;
    for (const Shard& shard : shards) {
      ASSERT_EQ(shard.core.begin, at);
      ASSERT_EQ(shard.shot, shot);
      ASSERT_EQ(shard.full.begin, std::max(begin, shard.core.begin - overlap));
      ASSERT_EQ(shard.full.end, std::min(shot.end, shard.core.end + overlap));
      least = std::min(least, shard.core.size());
      longest = std::max(longest, shard.core.size());
      at = shard.core.end;
    }
    ASSERT_EQ(at, shot.end);
    ASSERT_LE(longest, most);
    if (size > 0) {
      ASSERT_GE(least, 1);
      ASSERT_LE(longest - least, 1);
      ASSERT_EQ(static_cast<int64_t>(shards.size()), (size + most - 1) / most);
    }
  }
}

TEST(ShardPlanTest, OneFrameShotIsOneShard) {
  const auto shards = PlanShot({7, 8}, 96, 12);
  ASSERT_EQ(shards.size(), 1u);
  EXPECT_EQ(shards[0].core, (FrameRange{7, 8}));
  EXPECT_EQ(shards[0].full, (FrameRange{7, 8}));
  EXPECT_EQ(shards[0].Name(), "000007-000008");
}

TEST(ShardPlanTest, EmptyShotHasNoShards) { EXPECT_THAT(PlanShot({7, 7}, 96, 12), IsEmpty()); }

TEST(ShardPlanTest, MoreOverlapRenamesNothing) {
  const auto some = PlanShot({100, 1234}, 96, 8);
  const auto more = PlanShot({100, 1234}, 96, 40);
  ASSERT_EQ(some.size(), more.size());
  for (size_t i = 0; i < some.size(); ++i) EXPECT_EQ(some[i].Name(), more[i].Name());
}

TEST(ShardPlanTest, AnEditedCutLeavesOtherShotsAlone) {
  const std::vector<int64_t> cuts = {300, 900};
  const std::vector<int64_t> edited = {310, 900};
  const auto before = ShotsOf(cuts, 2000);
  const auto after = ShotsOf(edited, 2000);
  EXPECT_EQ(PlanShot(before[2], 96, 8), PlanShot(after[2], 96, 8));
  EXPECT_NE(PlanShot(before[1], 96, 8), PlanShot(after[1], 96, 8));
}

TEST(ShardPlanTest, AMillionFramesTakeWellUnderASecond) {
  const auto start = std::chrono::steady_clock::now();
  size_t shards = 0;
  for (int64_t begin = 0; begin < 1000000; begin += 100) {
    shards += PlanShot({begin, begin + 100}, 24, 6).size();
  }
  EXPECT_EQ(shards, 50000u);
  EXPECT_EQ(PlanScan(1000000, 500).size(), 2000u);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(500));
}

TEST(ShardPlanTest, ScanRangesTileTheFilm) {
  EXPECT_THAT(PlanScan(10, 4), ElementsAre(FrameRange{0, 3}, FrameRange{3, 6}, FrameRange{6, 10}));
  EXPECT_THAT(PlanScan(0, 4), IsEmpty());
}

TEST(ShardPlanTest, WideningDoublesTheOverlapUpToTheCoresLength) {
  const auto shards = PlanShot({0, 300}, 100, 30);
  EXPECT_EQ(Widened(shards[1], 30, 0), shards[1]);
  EXPECT_EQ(Widened(shards[1], 30, 1).full, (FrameRange{40, 260}));
  EXPECT_EQ(Widened(shards[1], 30, 2).full, (FrameRange{0, 300}));
  EXPECT_EQ(Widened(shards[0], 30, 1).full, (FrameRange{0, 160}));
  EXPECT_EQ(Widened(shards[1], 30, 2).core, shards[1].core);
  // An overlap that was longer from the start stays.
  EXPECT_EQ(Widened(PlanShot({0, 300}, 10, 30)[10], 30, 2).full, (FrameRange{70, 140}));
}

TEST(ShardPlanTest, ASkeletonsFramesLieAllOverTheShotAndAreKept) {
  for (const int64_t frames : {1, 100, 480, 5000, 100000}) {
    for (const int shard_frames : {1, 7, 24, 96}) {
      const auto shards = PlanShot({30, 30 + frames}, shard_frames, 6);
      const auto bones = SkeletonFrames(shards);
      ASSERT_FALSE(bones.empty());
      EXPECT_LE(std::ssize(bones), kSkeletonFrames);
      EXPECT_LE(bones.size(), 2 * shards.size());
      for (size_t i = 0; i < bones.size(); ++i) {
        if (i > 0) {
          EXPECT_LT(bones[i - 1], bones[i]);
        }
        const auto shard = std::find_if(shards.begin(), shards.end(), [&](const Shard& candidate) {
          return candidate.core.Contains(bones[i]);
        });
        ASSERT_NE(shard, shards.end());
        EXPECT_TRUE(KeepsSamples(*shard, bones[i]));
      }
      // As evenly as the shards keep frames.
      const int64_t apart = frames / std::min<int64_t>(kSkeletonFrames, 2 * std::ssize(shards));
      EXPECT_LE(bones.front() - 30, apart + kRangeFrameStep);
      EXPECT_GE(bones.back(), 30 + frames - 1 - apart - kRangeFrameStep);
    }
  }
}

TEST(ShardPlanTest, ShortShotsHaveNoSkeletonAndThoseOfUpTo64ShardsHaveOne) {
  EXPECT_TRUE(PlanSkeletons(PlanShot({0, 30}, 10, 2)).empty());
  for (const int64_t shards : {4, 40, 64}) {
    const auto plan = PlanShot({5, 5 + 10 * shards}, 10, 2);
    const auto skeletons = PlanSkeletons(plan);
    ASSERT_EQ(skeletons.size(), 1u);
    EXPECT_EQ(skeletons[0].range, (FrameRange{5, 5 + 10 * shards}));
    EXPECT_EQ(skeletons[0].frames, SkeletonFrames(plan));
  }
}

TEST(ShardPlanTest, LongerShotsHaveFinerSkeletonsThatHangTogether) {
  for (const int64_t count : {65, 200, 1000, 10000}) {
    const auto plan = PlanShot({7, 7 + 24 * count}, 24, 6);
    const auto skeletons = PlanSkeletons(plan);
    EXPECT_EQ(skeletons[0].range, plan[0].shot);
    std::set<int64_t> known(skeletons[0].frames.begin(), skeletons[0].frames.end());
    for (size_t i = 1; i < skeletons.size(); ++i) {
      const Skeleton& skeleton = skeletons[i];
      EXPECT_GT(skeleton.range.size(), 24);  // as no shard
      EXPECT_LE(std::ssize(skeleton.frames), 2 * kSkeletonFrames);
      EXPECT_TRUE(std::is_sorted(skeleton.frames.begin(), skeleton.frames.end()));
      const auto shared = std::count_if(skeleton.frames.begin(), skeleton.frames.end(),
                                        [&](int64_t frame) { return known.contains(frame); });
      EXPECT_GE(shared, 3) << count << " " << i;
      known.insert(skeleton.frames.begin(), skeleton.frames.end());
      for (const int64_t frame : skeleton.frames) EXPECT_TRUE(skeleton.range.Contains(frame));
    }
    // None is without.
    for (const Shard& shard : plan) {
      const auto first = known.lower_bound(shard.core.begin);
      EXPECT_TRUE(first != known.end() && *first < shard.core.end);
    }
    // No two have one name.
    std::set<std::pair<int64_t, int64_t>> ranges;
    for (const Skeleton& skeleton : skeletons) {
      EXPECT_TRUE(ranges.insert({skeleton.range.begin, skeleton.range.end}).second);
    }
  }
}

}  // namespace
}  // namespace stereofarm
