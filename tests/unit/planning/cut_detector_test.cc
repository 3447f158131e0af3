#include "coordinator/planning/cut_detector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "common/base/random.h"
#include "coordinator/planning/shard_plan.h"
#include "tests/unit/planning/made_film.h"

namespace stereofarm {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<int64_t> CutsOf(const Frames& film) {
  const auto features = Analyse(film);
  const auto frames = static_cast<int64_t>(features.size());
  CutDetector detector(frames);
  EXPECT_TRUE(detector.Add({0, frames}, features).ok());
  EXPECT_TRUE(detector.Complete());
  return detector.Cuts();
}

// One cut, at most `off` frames from `frame`.
void ExpectOneCutNear(const Frames& film, int64_t frame, int64_t off) {
  const auto cuts = CutsOf(film);
  ASSERT_EQ(cuts.size(), 1u) << testing::PrintToString(cuts) << ", wanted one at " << frame;
  EXPECT_LE(std::abs(cuts[0] - frame), off) << cuts[0] << ", wanted " << frame;
}

TEST(CutDetectorTest, HardCutsAreExact) {
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE(seed);
    Frames film = MakeShot(seed, 20);
    Append(MakeShot(seed + 20, 3), &film);
    Append(MakeShot(seed + 40, 20), &film);
    EXPECT_THAT(CutsOf(film), ElementsAre(20, 23));
  }
}

TEST(CutDetectorTest, ACutInTheDarkIsFound) {
  Frames film;
  for (const Image& frame : MakeShot(2, 20)) film.push_back(Mix(frame, Plain(0.02f), 0.85));
  for (const Image& frame : MakeShot(9, 20)) film.push_back(Mix(frame, Plain(0.02f), 0.85));
  EXPECT_THAT(CutsOf(film), ElementsAre(20));
}

TEST(CutDetectorTest, AShotIsNotCut) {
  for (uint64_t seed = 1; seed <= 6; ++seed) EXPECT_THAT(CutsOf(MakeShot(seed, 40)), IsEmpty());
}

TEST(CutDetectorTest, AFadeIsOneCutAtItsBottom) {
  for (float level : {0.0f, 1.0f}) {
    for (int ramp : {6, 12, 24}) {
      for (int hold : {1, 11}) {
        SCOPED_TRACE(testing::Message()
                     << "level " << level << " ramp " << ramp << " hold " << hold);
        const Frames film = Fade(MakeShot(5, 30), MakeShot(6, 30), level, ramp, hold);
        ExpectOneCutNear(film, 30 + hold / 2, 1);
      }
    }
  }
}

TEST(CutDetectorTest, LongBlackEndsNearTheNextPicture) {
  const Frames film = Fade(MakeShot(5, 20), MakeShot(6, 20), 0.0f, 12, 300);
  const auto cuts = CutsOf(film);
  ASSERT_EQ(cuts.size(), 1u);
  EXPECT_GE(cuts[0], 20 + 300 - 26);
  EXPECT_LE(cuts[0], 20 + 300);
}

TEST(CutDetectorTest, BlackAtTheFilmsEndsIsNoCut) {
  Frames film;
  for (int t = 0; t < 200; ++t) film.push_back(Plain(0.0f));
  const Frames shot = MakeShot(7, 40);
  for (int t = 0; t < 40; ++t) {
    const double dark = std::max({0.0, 1 - t / 12.0, 1 - (39 - t) / 12.0});
    film.push_back(Mix(shot[static_cast<size_t>(t)], Plain(0.0f), dark));
  }
  for (int t = 0; t < 200; ++t) film.push_back(Plain(0.0f));
  EXPECT_THAT(CutsOf(film), IsEmpty());
}

TEST(CutDetectorTest, ADissolveIsOneCutAtItsMiddle) {
  for (int length : {6, 10, 16, 24, 30}) {
    for (uint64_t seed : {1, 2, 3}) {
      SCOPED_TRACE(testing::Message() << "length " << length << " seed " << seed);
      const Frames film = Dissolve(MakeShot(seed, 45), MakeShot(seed + 10, 45), length);
      ExpectOneCutNear(film, 45 - length / 2, std::max(1, length / 6));
    }
  }
}

TEST(CutDetectorTest, FlashesAreNoCuts) {
  for (int length : {1, 2, 4}) {
    for (float level : {0.0f, 1.0f}) {
      SCOPED_TRACE(testing::Message() << length << " frames of " << level);
      Frames film = MakeShot(8, 30);
      for (int t = 12; t < 12 + length; ++t) film[static_cast<size_t>(t)] = Plain(level);
      EXPECT_THAT(CutsOf(film), IsEmpty());
      film = MakeShot(8, 30);
      for (int t = 12; t < 12 + length; ++t) {
        film[static_cast<size_t>(t)] = Mix(film[static_cast<size_t>(t)], Plain(level), 0.7);
      }
      EXPECT_THAT(CutsOf(film), IsEmpty());
    }
  }
}

TEST(CutDetectorTest, StrobeLightIsNoCut) {
  Frames film = MakeShot(9, 60);
  for (size_t t = 10; t < 50; ++t) {
    if (t / 2 % 2 == 0) film[t] = Mix(film[t], Plain(0.0f), 0.85);
  }
  EXPECT_THAT(CutsOf(film), IsEmpty());
}

TEST(CutDetectorTest, ALightThatIsSwitchedOffIsNoCut) {
  Frames film = MakeShot(9, 30);
  for (size_t t = 15; t < film.size(); ++t) film[t] = Mix(film[t], Plain(0.0f), 0.6);
  EXPECT_THAT(CutsOf(film), IsEmpty());
}

TEST(CutDetectorTest, AWhipPanIsNoCut) {
  for (double pan : {8.0, 16.0, 28.0}) {
    Frames film = MakeShot(10, 12, 0);
    for (int t = 1; t <= 8; ++t) Append(MakeShot(10, 1, pan * t, 1), &film);
    Append(MakeShot(10, 1, pan * 8, 1), &film);
    EXPECT_THAT(CutsOf(film), IsEmpty()) << pan;
  }
}

TEST(CutDetectorTest, AShakingCameraIsNoCut) {
  const auto random = SeededRandom(4);
  Frames film;
  for (int t = 0; t < 40; ++t) {
    Append(MakeShot(11, 1, static_cast<double>(random->Next() % 24), 1), &film);
  }
  EXPECT_THAT(CutsOf(film), IsEmpty());
}

// A film with everything in it.
Frames Medley() {
  Frames film = Fade(MakeShot(1, 40), MakeShot(2, 60), 0.0f, 12, 9);
  Append(MakeShot(3, 50), &film);
  Append(Dissolve(MakeShot(4, 60), MakeShot(5, 200), 16), &film);
  Append(Fade(MakeShot(6, 90), MakeShot(7, 150), 1.0f, 8, 170), &film);
  Append(MakeShot(8, 1), &film);
  Append(MakeShot(9, 30), &film);
  return film;
}

TEST(CutDetectorTest, TheOrderOfArrivalChangesNothing) {
  const auto features = Analyse(Medley());
  const auto frames = static_cast<int64_t>(features.size());
  CutDetector whole(frames);
  ASSERT_TRUE(whole.Add({0, frames}, features).ok());
  const auto shots = whole.TakeFinalShots();
  ASSERT_GE(shots.size(), 7u);

  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const auto random = SeededRandom(seed);
    auto ranges = PlanScan(frames, 1 + static_cast<int>(random->Next() % 150));
    for (size_t i = ranges.size(); i > 1; --i) {
      std::swap(ranges[i - 1], ranges[random->Next() % i]);
    }
    CutDetector detector(frames);
    std::vector<FrameRange> taken;
    for (const FrameRange& range : ranges) {
      const auto part = std::span(features).subspan(static_cast<size_t>(range.begin),
                                                    static_cast<size_t>(range.size()));
      ASSERT_TRUE(detector.Add(range, part).ok());
      for (const FrameRange& shot : detector.TakeFinalShots()) taken.push_back(shot);
    }
    std::sort(taken.begin(), taken.end());
    EXPECT_TRUE(detector.Complete());
    EXPECT_EQ(taken, shots);
    EXPECT_EQ(detector.Cuts(), whole.Cuts());
    EXPECT_EQ(detector.held(), 0u);
  }
}

TEST(CutDetectorTest, ShotsAreFinalWhileTheRestIsScanned) {
  const auto features = Analyse(Medley());
  const auto frames = static_cast<int64_t>(features.size());
  CutDetector detector(frames);
  ASSERT_TRUE(detector.Add({100, 300}, std::span(features).subspan(100, 200)).ok());
  // The cut at 159 and the dissolve at 211 are far enough from what hasn't come.
  EXPECT_THAT(detector.TakeFinalShots(), ElementsAre(FrameRange{159, 211}));
  ASSERT_TRUE(detector.Add({0, 100}, std::span(features).first(100)).ok());
  EXPECT_THAT(detector.TakeFinalShots(),
              ElementsAre(FrameRange{0, 44}, FrameRange{44, 109}, FrameRange{109, 159}));
  EXPECT_THAT(detector.TakeFinalShots(), IsEmpty());
  EXPECT_FALSE(detector.Complete());
}

TEST(CutDetectorTest, WhatItHoldsIsBoundedByTheGaps) {
  const auto features = Analyse(MakeShot(1, 40));
  constexpr int64_t kFrames = 40 * 500;
  CutDetector detector(kFrames);
  size_t most = 0;
  for (int64_t begin = 0; begin < kFrames; begin += 40) {
    ASSERT_TRUE(detector.Add({begin, begin + 40}, features).ok());
    most = std::max(most, detector.held());
  }
  EXPECT_LE(most, 12u);
}

TEST(CutDetectorTest, TheSameRangeAgainChangesNothing) {
  const auto features = Analyse(MakeShot(1, 20));
  CutDetector detector(20);
  ASSERT_TRUE(detector.Add({0, 20}, features).ok());
  EXPECT_EQ(detector.TakeFinalShots().size(), 1u);
  EXPECT_TRUE(detector.Add({0, 20}, features).ok());
  EXPECT_THAT(detector.TakeFinalShots(), IsEmpty());
}

TEST(CutDetectorTest, RangesThatDoNotFitAreRefused) {
  const auto features = Analyse(MakeShot(1, 20));
  CutDetector detector(40);
  EXPECT_FALSE(detector.Add({0, 19}, features).ok());
  EXPECT_FALSE(detector.Add({30, 50}, features).ok());
  EXPECT_FALSE(detector.Add({0, 0}, {}).ok());
  ASSERT_TRUE(detector.Add({0, 20}, features).ok());
  EXPECT_EQ(detector.Add({10, 30}, features).code(), absl::StatusCode::kInvalidArgument);
}

TEST(CutDetectorTest, AFilmOfOneFrameIsOneShot) {
  CutDetector detector(1);
  ASSERT_TRUE(detector.Add({0, 1}, Analyse(MakeShot(1, 1))).ok());
  EXPECT_THAT(detector.TakeFinalShots(), ElementsAre(FrameRange{0, 1}));
}

}  // namespace
}  // namespace stereofarm
