#include "coordinator/reconcile/shot_solution.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "common/base/random.h"
#include "coordinator/planning/shard_plan.h"
#include "tests/unit/reconcile/made_depth.h"

namespace stereofarm {
namespace {

struct MadeShot {
  std::vector<Distortion> done;
  std::vector<ShardSamples> samples;
};

MadeShot MakeShot(const std::vector<Shard>& shards, uint64_t seed, const Distortion& extra = {}) {
  const auto random = SeededRandom(seed);
  MadeShot out;
  for (const Shard& shard : shards) {
    Distortion distortion = extra;
    distortion.scale = std::exp2(static_cast<double>(random->Next() % 2001) / 1000.0 - 1);
    distortion.shift = static_cast<double>(random->Next() % 2001) / 1000.0 - 1;
    out.done.push_back(distortion);
    out.samples.push_back(MakeSamples(shard, distortion, random->Next()));
  }
  return out;
}

// Percent of picture width at a budget of 2 %.
constexpr double kPercent = 2.0;

TEST(ShotSolutionTest, ShardsOfOneShotComeTogether) {
  const MadeShot shot = MakeShot(PlanShot({0, 120}, 24, 6), 1, {.half_floats = true});
  const auto solution = SolveShot(shot.samples);
  ASSERT_TRUE(solution.ok()) << solution.status();
  EXPECT_LT(kPercent * WorstStep(solution->shards, shot.done), 0.002);
  ASSERT_EQ(solution->seams.size(), 4u);
  for (const SeamReport& seam : solution->seams) {
    EXPECT_TRUE(seam.compared);
    EXPECT_LT(seam.worst_percent, 0.005);
    EXPECT_LE(seam.mean_percent, seam.worst_percent);
  }
  EXPECT_EQ(solution->seams[1].frame, 48);
}

TEST(ShotSolutionTest, NoiseAndOutliersLeaveNoStep) {
  const MadeShot shot =
      MakeShot(PlanShot({0, 120}, 24, 6), 2, {.noise = 0.05, .outliers = 0.3, .half_floats = true});
  const auto solution = SolveShot(shot.samples);
  ASSERT_TRUE(solution.ok());
  EXPECT_LT(kPercent * WorstStep(solution->shards, shot.done), 0.05);
}

TEST(ShotSolutionTest, ALongChainOfNoisyShardsKeepsItsScale) {
  const MadeShot shot = MakeShot(PlanShot({0, 480}, 12, 3), 3, {.noise = 0.1});
  const auto solution = SolveShot(shot.samples);
  ASSERT_TRUE(solution.ok());
  const double first = solution->shards.front().scale / shot.done.front().scale;
  const double last = solution->shards.back().scale / shot.done.back().scale;
  EXPECT_NEAR(last / first, 1.0, 0.02);
}

TEST(ShotSolutionTest, TheOrderOfShardsChangesNothing) {
  MadeShot shot = MakeShot(PlanShot({0, 96}, 24, 6), 4, {.noise = 0.02});
  const auto solution = SolveShot(shot.samples);
  std::reverse(shot.samples.begin(), shot.samples.end());
  std::swap(shot.samples[0], shot.samples[2]);
  EXPECT_EQ(*SolveShot(shot.samples), *solution);
}

TEST(ShotSolutionTest, TheGaugeKeepsMeanScaleAndMeanDepth) {
  const MadeShot shot = MakeShot(PlanShot({0, 96}, 24, 6), 5);
  const auto solution = SolveShot(shot.samples);
  double logs = 0;
  double before = 0;
  double after = 0;
  for (size_t i = 0; i < shot.samples.size(); ++i) {
    const ShardDigest digest = DigestShard(shot.samples[i]);
    logs += std::log(solution->shards[i].scale);
    before += digest.mean;
    after += solution->shards[i].scale * digest.mean + solution->shards[i].shift;
  }
  EXPECT_NEAR(logs, 0, 1e-9);
  EXPECT_NEAR(before, after, 1e-9);
}

TEST(ShotSolutionTest, TheRangeIsOfPercentilesNotOfExtremes) {
  const auto shards = PlanShot({0, 24}, 24, 6);
  ShardSamples samples = MakeSamples(shards[0], {}, 1);
  const DepthRange clean = SolveShot(std::vector{samples})->range.to;
  for (FrameSamples& frame : samples.frames) {
    for (size_t i = 0; i < 10; ++i) frame.values[i] = 1e6f;
  }
  const DepthRange range = SolveShot(std::vector{samples})->range.to;
  EXPECT_NEAR(range.lo, 0.1, 0.01);
  EXPECT_NEAR(range.hi, 0.9, 0.01);
  EXPECT_NEAR(range.hi, clean.hi, 0.01);
}

TEST(ShotSolutionTest, AFlatShotLiesInTheMiddle) {
  const auto shards = PlanShot({0, 48}, 24, 6);
  for (float value : {0.0f, 3.0f, -2.0f}) {
    const std::vector<ShardSamples> samples = {FlatSamples(shards[0], value),
                                               FlatSamples(shards[1], value)};
    const auto solution = SolveShot(samples);
    ASSERT_TRUE(solution.ok());
    const DepthRange range = solution->range.to;
    ASSERT_GT(range.hi, range.lo);
    EXPECT_NEAR((value - range.lo) / (range.hi - range.lo), 0.5, 0.01);
    EXPECT_EQ(solution->shards[0].scale, solution->shards[1].scale);
  }
}

TEST(ShotSolutionTest, NoiseOfAFlatShotIsNotBlownUp) {
  const auto shards = PlanShot({0, 24}, 24, 6);
  ShardSamples samples = FlatSamples(shards[0], 10.0f);
  const auto random = SeededRandom(9);
  for (FrameSamples& frame : samples.frames) {
    for (float& value : frame.values) {
      value += 0.001f * static_cast<float>(random->Next() % 100) / 100.0f;
    }
  }
  const DepthRange range = SolveShot(std::vector{samples})->range.to;
  EXPECT_GT(range.hi - range.lo, 0.19);
}

TEST(ShotSolutionTest, FlatNeighboursOfUnequalLevelsMeet) {
  const auto shards = PlanShot({0, 48}, 24, 6);
  const auto solution =
      SolveShot(std::vector{FlatSamples(shards[0], 1.0f), FlatSamples(shards[1], 5.0f)});
  const AlignedShard& a = solution->shards[0];
  const AlignedShard& b = solution->shards[1];
  EXPECT_NEAR(a.scale * 1 + a.shift, b.scale * 5 + b.shift, 1e-6);
}

TEST(ShotSolutionTest, AShardWithoutNumbersCarriesItsNeighbourOn) {
  const auto shards = PlanShot({0, 72}, 24, 6);
  std::vector<ShardSamples> samples = {FlatSamples(shards[0], 2.0f), FlatSamples(shards[1], NAN),
                                       FlatSamples(shards[2], 2.5f)};
  const auto solution = SolveShot(samples);
  ASSERT_TRUE(solution.ok());
  for (const AlignedShard& shard : solution->shards) {
    EXPECT_TRUE(std::isfinite(shard.scale) && std::isfinite(shard.shift));
    EXPECT_GT(shard.scale, 0);
  }
  EXPECT_FALSE(solution->seams[0].compared);
}

TEST(ShotSolutionTest, OneFrameShotsAndNothingButNaNAreSolved) {
  const auto shards = PlanShot({5, 6}, 24, 6);
  const auto one = SolveShot(std::vector{MakeSamples(shards[0], {}, 1)});
  ASSERT_TRUE(one.ok());
  EXPECT_EQ(one->shards[0].scale, 1.0);
  EXPECT_EQ(one->shards[0].shift, 0.0);
  EXPECT_TRUE(one->seams.empty());
  const auto none = SolveShot(std::vector{FlatSamples(shards[0], NAN)});
  ASSERT_TRUE(none.ok());
  EXPECT_EQ(none->range.to, (DepthRange{0, 1}));
}

TEST(ShotSolutionTest, WithoutOverlapNeighboursAreMatchedByTheirMoments) {
  const MadeShot shot = MakeShot(PlanShot({0, 96}, 24, 0), 6);
  const auto solution = SolveShot(shot.samples);
  ASSERT_TRUE(solution.ok());
  EXPECT_LT(kPercent * WorstStep(solution->shards, shot.done), 0.1);
  EXPECT_FALSE(solution->seams[0].compared);
}

TEST(ShotSolutionTest, UnrelatedNeighboursKeepPositiveScales) {
  const auto shards = PlanShot({0, 48}, 24, 6);
  ShardSamples left = MakeSamples(shards[0], {}, 1);
  ShardSamples right = MakeSamples(shards[1], {}, 2);
  for (FrameSamples& frame : right.frames) {
    for (float& value : frame.values) value = -3 * value;  // near and far swapped
  }
  const auto solution = SolveShot(std::vector{left, right});
  ASSERT_TRUE(solution.ok());
  for (const AlignedShard& shard : solution->shards) {
    EXPECT_GT(shard.scale, 0.1);
    EXPECT_LT(shard.scale, 10);
  }
  EXPECT_GT(solution->seams[0].worst_percent, 0.1);
}

TEST(ShotSolutionTest, ASectionGoesOnFromTheFrozenOne) {
  const auto shards = PlanShot({0, 144}, 24, 6);
  const MadeShot shot = MakeShot(shards, 7, {.noise = 0.01});
  const auto whole = SolveShot(shot.samples);
  const auto first = SolveShot(std::span(shot.samples).first(3));
  ASSERT_TRUE(first.ok());
  ReconcileOptions options;
  options.before = FrozenSection{first->shards.back(), first->range.to};
  const auto second = SolveShot(std::span(shot.samples).subspan(2), options);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->shards[0], first->shards[2]);
  EXPECT_EQ(second->range.frames, (FrameRange{72, 144}));
  EXPECT_EQ(second->range.At(72), first->range.At(71));
  // The same relations as in one piece.
  EXPECT_NEAR(second->shards[3].scale / second->shards[0].scale,
              whole->shards[5].scale / whole->shards[2].scale, 1e-6);
  options.before->last.core = {0, 1};
  EXPECT_FALSE(SolveShot(std::span(shot.samples).subspan(2), options).ok());
}

TEST(ShotSolutionTest, ShardsThatDoNotAdjoinAreRefused) {
  const auto shards = PlanShot({0, 72}, 24, 6);
  EXPECT_FALSE(SolveShot(std::span<const ShardSamples>()).ok());
  const auto gap =
      SolveShot(std::vector{FlatSamples(shards[0], 1.0f), FlatSamples(shards[2], 1.0f)});
  EXPECT_EQ(gap.status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ShotSolutionTest, TenThousandShardsTakeWellUnderASecond) {
  const auto shards = PlanShot({0, 240000}, 24, 6);
  ShardDigest digest = DigestShard(MakeSamples(PlanShot({0, 24}, 24, 6)[0], {}, 1));
  const auto pair = PlanShot({0, 48}, 24, 6);
  const Seam seam =
      ReduceSeam(MakeSamples(pair[0], {}, 1), MakeSamples(pair[1], {.scale = 1.01}, 2));
  std::vector<ShardDigest> digests(shards.size(), digest);
  for (size_t i = 0; i < shards.size(); ++i) {
    digests[i].core = shards[i].core;
    digests[i].full = shards[i].full;
  }
  const std::vector<Seam> seams(shards.size() - 1, seam);
  const auto start = std::chrono::steady_clock::now();
  const auto solution = SolveShot(digests, seams);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(900));
  ASSERT_TRUE(solution.ok());
  EXPECT_TRUE(std::isfinite(solution->shards.back().scale));
}

}  // namespace
}  // namespace stereofarm
