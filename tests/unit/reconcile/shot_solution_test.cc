#include "coordinator/reconcile/shot_solution.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <functional>

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

// In the middle of the core.
Alignment Middle(const AlignedShard& shard) {
  return shard.At((shard.core.begin + shard.core.end) / 2);
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
  const double first = Middle(solution->shards.front()).scale / shot.done.front().scale;
  const double last = Middle(solution->shards.back()).scale / shot.done.back().scale;
  EXPECT_NEAR(last / first, 1.0, 0.02);
}

TEST(ShotSolutionTest, RampsFollowTheDriftInsideOfShards) {
  const auto shards = PlanShot({0, 72}, 24, 8);
  const std::vector<ShardSamples> samples = {MakeSamples(shards[0], {.drift = 0.1}, 1),
                                             MakeSamples(shards[1], {.scale = 2, .drift = -0.1}, 2),
                                             MakeSamples(shards[2], {.drift = 0.1}, 3)};
  const ShardSamples skeleton = MakeSkeleton({0, 72}, SkeletonFrames(shards), 0, 4);
  const auto solution = SolveShot(samples, {}, &skeleton);
  ASSERT_TRUE(solution.ok());
  for (const SeamReport& seam : solution->seams) EXPECT_LT(seam.worst_percent, 0.01);
  for (size_t i = 0; i < shards.size(); ++i) {
    const AlignmentRamp& ramp = solution->shards[i].ramp;
    EXPECT_NEAR(std::log(ramp.to.scale / ramp.from.scale), i == 1 ? -0.1 : 0.1, 0.02);
  }
}

// A long chain of shards that drift, each by another scale.
struct Chain {
  std::vector<Shard> shards;
  std::vector<Distortion> done;
  std::vector<ShardSamples> samples;
  ShardSamples skeleton;
  // The most that the scale of any two shards' middles differs.
  double DriftOf(const ShotSolution& solution) const {
    double least = INFINITY;
    double most = -INFINITY;
    for (size_t i = 0; i < shards.size(); ++i) {
      // Off the line that is known, the middle lies by the bend.
      const double gain = std::log(Middle(solution.shards[i]).scale / done[i].scale) - done[i].bend;
      least = std::min(least, gain);
      most = std::max(most, gain);
    }
    return most - least;
  }
};

Chain MakeChain(int count, const std::function<Distortion(Random*)>& any) {
  Chain chain;
  chain.shards = PlanShot({0, 12 * count}, 12, 4);
  const auto random = SeededRandom(8);
  for (const Shard& shard : chain.shards) {
    Distortion done = any(random.get());
    done.scale = std::exp2(static_cast<double>(random->Next() % 2001) / 1000.0 - 1);
    chain.done.push_back(done);
    chain.samples.push_back(MakeSamples(shard, done, random->Next()));
  }
  chain.skeleton = MakeSkeleton({0, 12 * count}, SkeletonFrames(chain.shards), 0.04, 9);
  return chain;
}

double Signed(Random* random) { return static_cast<double>(random->Next() % 2001) / 1000.0 - 1; }

// Loses its scale where nothing but seams holds it.
TEST(ShotSolutionTest, ASkeletonClosesTheLoopOfALongChainThatDrifts) {
  const Chain chain = MakeChain(40, [](Random* random) {
    return Distortion{.drift = 0.03 + 0.001 * static_cast<double>(random->Next() % 40),
                      .noise = 0.02};
  });
  const double open = chain.DriftOf(*SolveShot(chain.samples));
  const double closed = chain.DriftOf(*SolveShot(chain.samples, {}, &chain.skeleton));
  EXPECT_GT(open, 0.5);
  EXPECT_LT(closed, open / 10);
}

// Where ties are few, a shard's scale would be what its ends have, and they are all wrong.
TEST(ShotSolutionTest, BentShardsAreMetByTheirCores) {
  const Chain chain = MakeChain(40, [](Random* random) {
    return Distortion{.drift = 0.1 * Signed(random), .bend = 0.04 * Signed(random), .noise = 0.02};
  });
  EXPECT_LT(chain.DriftOf(*SolveShot(chain.samples, {}, &chain.skeleton)), 0.04);
}

// With a tie for every third shard.
TEST(ShotSolutionTest, TiesHoldTheShardsBetweenThemToo) {
  const Chain chain = MakeChain(
      200, [](Random* random) { return Distortion{.drift = 0.1 * Signed(random), .noise = 0.02}; });
  EXPECT_LT(chain.DriftOf(*SolveShot(chain.samples, {}, &chain.skeleton)), 0.15);
}

TEST(ShotSolutionTest, TiesThatAreWrongDoNotCount) {
  const auto shards = PlanShot({0, 240}, 24, 6);
  const MadeShot shot = MakeShot(shards, 11);
  ShardSamples skeleton = MakeSkeleton({0, 240}, SkeletonFrames(shards), 0, 12);
  for (size_t i = 0; i < skeleton.frames.size(); i += 4) {
    for (float& value : skeleton.frames[i].values) value = 1 - 0.3f * value;
  }
  const auto solution = SolveShot(shot.samples, {}, &skeleton);
  ASSERT_TRUE(solution.ok());
  EXPECT_LT(kPercent * WorstStep(solution->shards, shot.done), 0.02);
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
    const Alignment middle = Middle(solution->shards[i]);
    logs += std::log(middle.scale);
    before += digest.mean;
    after += middle.scale * digest.mean + middle.shift;
  }
  EXPECT_NEAR(logs, 0, 1e-9);
  EXPECT_NEAR(before, after, 1e-9);
}

TEST(ShotSolutionTest, TheRangeIsOfPercentilesNotOfExtremes) {
  const auto shards = PlanShot({0, 24}, 24, 6);
  ShardSamples samples = MakeSamples(shards[0], {}, 1);
  const DepthRange clean = SolveShot(std::vector{samples})->range;
  for (FrameSamples& frame : samples.frames) {
    for (size_t i = 0; i < 10; ++i) frame.values[i] = 1e6f;
  }
  const DepthRange range = SolveShot(std::vector{samples})->range;
  EXPECT_NEAR(range.lo, 0.1, 0.01);
  EXPECT_NEAR(range.hi, 0.9, 0.01);
  EXPECT_NEAR(range.hi, clean.hi, 0.01);
}

// A ramp from `low` to `high` across the picture, all of it as sure as `confidence`.
ShardSamples RampSamples(const Shard& shard, float low, float high, float confidence) {
  ShardSamples samples{shard.core, shard.full, {}};
  Image depth(64, 36, 1);
  Image sure(64, 36, 1);
  sure.Fill(confidence);
  for (int y = 0; y < depth.height(); ++y) {
    for (int x = 0; x < depth.width(); ++x) {
      depth.Row(0, y)[x] = low + (high - low) * static_cast<float>(x) / 63;
    }
  }
  for (int64_t frame = shard.full.begin; frame < shard.full.end; ++frame) {
    samples.frames.push_back(SampleFrame(frame, depth, sure));
  }
  return samples;
}

TEST(ShotSolutionTest, GuessesAreReconciledAndShownGently) {
  const auto shards = PlanShot({0, 48}, 24, 6);
  double spans[3];
  const float sure[3] = {0, 0.15f, 1};
  for (int i = 0; i < 3; ++i) {
    const auto solution = SolveShot(
        std::vector{RampSamples(shards[0], 1, 3, sure[i]), RampSamples(shards[1], 2, 6, sure[i])});
    ASSERT_TRUE(solution.ok());
    EXPECT_NEAR(solution->measured, std::max(sure[i], 1.0f / 255), 0.003);
    const Alignment a = solution->shards[0].At(24);
    const Alignment b = solution->shards[1].At(24);
    EXPECT_NEAR(a.scale * 3 + a.shift, b.scale * 6 + b.shift, 0.01);
    EXPECT_NEAR(a.scale / b.scale, 2, 0.01);
    const DepthRange range = solution->range;
    spans[i] = a.scale * 2 / (range.hi - range.lo);
    EXPECT_NEAR((a.scale * 2 + a.shift - range.lo) / (range.hi - range.lo), 0.5, 0.02);
  }
  EXPECT_NEAR(spans[0] / spans[2], 0.75, 0.01);
  EXPECT_NEAR(spans[1] / spans[2], 0.875, 0.01);
}

TEST(ShotSolutionTest, AFlatShotLiesInTheMiddle) {
  const auto shards = PlanShot({0, 48}, 24, 6);
  for (float value : {0.0f, 3.0f, -2.0f}) {
    const std::vector<ShardSamples> samples = {FlatSamples(shards[0], value),
                                               FlatSamples(shards[1], value)};
    const auto solution = SolveShot(samples);
    ASSERT_TRUE(solution.ok());
    const DepthRange range = solution->range;
    ASSERT_GT(range.hi, range.lo);
    EXPECT_NEAR((value - range.lo) / (range.hi - range.lo), 0.5, 0.01);
    EXPECT_NEAR(solution->shards[0].ramp.to.scale, solution->shards[1].ramp.from.scale, 1e-9);
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
  const DepthRange range = SolveShot(std::vector{samples})->range;
  EXPECT_GT(range.hi - range.lo, 0.19);
}

TEST(ShotSolutionTest, FlatNeighboursOfUnequalLevelsMeet) {
  const auto shards = PlanShot({0, 48}, 24, 6);
  const auto solution =
      SolveShot(std::vector{FlatSamples(shards[0], 1.0f), FlatSamples(shards[1], 5.0f)});
  const Alignment a = solution->shards[0].At(24);
  const Alignment b = solution->shards[1].At(24);
  EXPECT_NEAR(a.scale * 1 + a.shift, b.scale * 5 + b.shift, 1e-6);
}

TEST(ShotSolutionTest, AShardWithoutNumbersCarriesItsNeighbourOn) {
  const auto shards = PlanShot({0, 72}, 24, 6);
  std::vector<ShardSamples> samples = {FlatSamples(shards[0], 2.0f), FlatSamples(shards[1], NAN),
                                       FlatSamples(shards[2], 2.5f)};
  const auto solution = SolveShot(samples);
  ASSERT_TRUE(solution.ok());
  for (const AlignedShard& shard : solution->shards) {
    for (const Alignment& end : {shard.ramp.from, shard.ramp.to}) {
      EXPECT_TRUE(std::isfinite(end.scale) && std::isfinite(end.shift));
      EXPECT_GT(end.scale, 0);
    }
  }
  EXPECT_FALSE(solution->seams[0].compared);
}

TEST(ShotSolutionTest, OneFrameShotsAndNothingButNaNAreSolved) {
  const auto shards = PlanShot({5, 6}, 24, 6);
  const auto one = SolveShot(std::vector{MakeSamples(shards[0], {}, 1)});
  ASSERT_TRUE(one.ok());
  EXPECT_EQ(one->shards[0].ramp, AlignmentRamp());
  EXPECT_TRUE(one->seams.empty());
  const auto none = SolveShot(std::vector{FlatSamples(shards[0], NAN)});
  ASSERT_TRUE(none.ok());
  EXPECT_EQ(none->range, (DepthRange{0, 1}));
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
    for (const Alignment& end : {shard.ramp.from, shard.ramp.to}) {
      EXPECT_GT(end.scale, 0.1);
      EXPECT_LT(end.scale, 10);
    }
  }
  EXPECT_GT(solution->seams[0].worst_percent, 0.1);
}

TEST(ShotSolutionTest, ShardsThatDoNotAdjoinAreRefused) {
  const auto shards = PlanShot({0, 72}, 24, 6);
  EXPECT_FALSE(SolveShot(std::span<const ShardSamples>()).ok());
  const auto gap =
      SolveShot(std::vector{FlatSamples(shards[0], 1.0f), FlatSamples(shards[2], 1.0f)});
  EXPECT_EQ(gap.status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ShotSolutionTest, OnlyTheShotsEndsNeedTheDepthAtItsCuts) {
  std::vector<ShardSamples> samples;
  const auto shards = PlanShot({0, 96}, 24, 6);
  for (size_t i = 0; i < shards.size(); ++i) samples.push_back(MakeSamples(shards[i], {}, i));
  std::vector<ShardDigest> digests;
  std::vector<Seam> seams;
  for (size_t i = 0; i < samples.size(); ++i) {
    digests.push_back(DigestShard(samples[i], {.first = i == 0, .last = i + 1 == samples.size()}));
    if (i > 0) seams.push_back(ReduceSeam(samples[i - 1], samples[i]));
  }
  EXPECT_NE(digests.front().first, CutDepth());
  EXPECT_EQ(digests.front().last, CutDepth());
  EXPECT_EQ(digests[1].first, CutDepth());
  EXPECT_NE(digests.back().last, CutDepth());
  EXPECT_EQ(*SolveShot(digests, seams), *SolveShot(samples));
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
  // Of processor: other tests may run beside it.
  const std::clock_t start = std::clock();
  const auto solution = SolveShot(digests, seams);
  EXPECT_LT(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC, 0.9);
  ASSERT_TRUE(solution.ok());
  EXPECT_TRUE(std::isfinite(solution->shards.back().ramp.to.scale));
}

}  // namespace
}  // namespace stereofarm
