#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/image/half.h"
#include "models/inpaint/background_rim.h"
#include "models/inpaint/create.h"
#include "models/inpaint/hole_runs.h"
#include "models/inpaint/hole_sides.h"
#include "models/inpaint/target.h"
#include "models/stereo/splat.h"
#include "tests/unit/stereo/picture.h"

namespace stereofarm {
namespace {

Image FillWith(const std::string& name, const WarpedFrame& frame) {
  const auto inpainter = CreateInpainter(name);
  EXPECT_TRUE(inpainter.ok()) << inpainter.status();
  std::vector<FilledFrame> done;
  EXPECT_TRUE((*inpainter)->Begin().ok());
  // A source eye that shows nothing more.
  InpaintFrame input{.displacement = frame.displacement.Clone(), .warped = frame.Clone()};
  input.rgb = CopyColour(frame.rgba);
  const absl::Status pushed = (*inpainter)->Push(std::move(input), &done);
  EXPECT_TRUE(pushed.ok()) << pushed;
  EXPECT_TRUE((*inpainter)->Finish(&done).ok());
  EXPECT_EQ(done.size(), 1u);
  QuantizeToHalf(done.front().rgb);  // as whoever hands it on does
  return std::move(done.front().rgb);
}

// A frame of one grey value and one displacement, all known.
WarpedFrame FlatFrame(int width, int height, float value, float displacement) {
  WarpedFrame frame;
  frame.rgba = Image(width, height, 4);
  frame.displacement = Image(width, height, 1);
  frame.rgba.Fill(value);
  frame.displacement.Fill(displacement);
  std::fill_n(frame.rgba.Plane(3), frame.rgba.stride() * height, 1.0f);
  return frame;
}

void Set(WarpedFrame* frame, int x, int y, float value, float displacement) {
  for (int c = 0; c < 3; ++c) frame->rgba.Row(c, y)[x] = value;
  frame->rgba.Row(3, y)[x] = 1;
  frame->displacement.Row(0, y)[x] = displacement;
}

void Punch(WarpedFrame* frame, int x, int y) {
  for (int c = 0; c < 4; ++c) frame->rgba.Row(c, y)[x] = 0;
  frame->displacement.Row(0, y)[x] = 0;
}

WarpedFrame RandomWarp(int width, int height, bool nearer_is_larger, Random& random) {
  WarpedFrame frame;
  const Image rgb = RandomImage(width, height, 3, 0, 1, random);
  Splat(rgb, RandomSteps(width, height, 7, random), nearer_is_larger, &frame);
  return frame;
}

// The slow twin of one pixel's fill: the mean that FillFromBackground describes.
void ExpectPlainMean(const WarpedFrame& frame, const Image& cleaned, const Image& filled, int y,
                     HoleRun run, int x) {
  const HoleSides sides = FindHoleSides(frame, y, run);
  const int from_left = sides.left ? x - run.begin + 1 : frame.rgba.width();
  const int from_right = sides.right ? run.end - x : frame.rgba.width();
  const int reach = std::min(from_left, from_right) * 5 / 4 + 2;
  const int step = 1 + (reach - 1) / 10;
  double sum[3] = {}, weights = 0;
  for (int v = 0; v < frame.rgba.height(); ++v) {
    const int dy = v - y;
    if (dy % step != 0 || std::abs(dy) > reach) continue;
    const float* alpha = frame.rgba.Row(3, v);
    for (int u = 0; u < frame.rgba.width(); ++u) {
      const int dx = u - x;
      if (alpha[u] == 0 || dx * dx + dy * dy > reach * reach) continue;
      if (sides.sign * frame.displacement.Row(0, v)[u] > sides.limit) continue;
      // Where the pixel's column is a hole too, only what lies beside it on the background's side.
      if (alpha[x] == 0 && !(u < x ? sides.left : sides.right)) continue;
      const double weight = 1 / std::pow(dx * dx + dy * dy + 2.0, 3);
      weights += weight;
      for (int c = 0; c < 3; ++c) sum[c] += weight * cleaned.Row(c, v)[u];
    }
  }
  for (int c = 0; c < 3; ++c) {
    ASSERT_NEAR(filled.Row(c, y)[x], sum[c] / weights, 1e-3) << "x " << x << ", y " << y;
  }
}

TEST(BackgroundFillTest, EqualsPlainTwin) {
  const auto random = SeededRandom(TestSeed());
  const int sizes[][2] = {{1, 3}, {7, 5}, {33, 9}, {64, 40}, {101, 30}};
  for (const auto& size : sizes) {
    for (const bool nearer_is_larger : {true, false}) {
      const WarpedFrame frame = RandomWarp(size[0], size[1], nearer_is_larger, *random);
      WarpedFrame cleaned = frame.Clone();
      CleanBackgroundRims(&cleaned);
      std::vector<HoleRun> runs;
      const Image filled = FillWith("background", frame);
      for (int y = 0; y < size[1]; ++y) {
        FindHoleRuns(frame.rgba.Row(3, y), size[0], &runs);
        for (const HoleRun run : runs) {
          if (run.end - run.begin == size[0]) continue;
          for (int x = run.begin; x < run.end; ++x) {
            ExpectPlainMean(frame, cleaned.rgba, filled, y, run, x);
          }
        }
      }
    }
  }
}

TEST(BackgroundFillTest, ForegroundIsNeverTaken) {
  WarpedFrame frame = FlatFrame(40, 12, 0.25f, -5);
  for (int y = 2; y < 10; ++y) {
    for (int x = 10; x < 20; ++x) Set(&frame, x, y, 0.875f, 6);
    for (int x = 20; x < 31; ++x) Punch(&frame, x, y);
  }
  const Image filled = FillWith("background", frame);
  for (int y = 2; y < 10; ++y) {
    for (int x = 20; x < 31; ++x) EXPECT_EQ(filled.Row(1, y)[x], 0.25f) << x << " " << y;
    for (int x = 10; x < 20; ++x) EXPECT_EQ(filled.Row(1, y)[x], 0.875f) << x << " " << y;
  }
}

TEST(BackgroundFillTest, LeftEyeTakesTheSmallerDisplacementForNear) {
  WarpedFrame frame = FlatFrame(40, 3, 0.25f, 5);
  frame.nearer_is_larger = false;
  for (int y = 0; y < 3; ++y) {
    for (int x = 20; x < 40; ++x) Set(&frame, x, y, 0.875f, -6);
    for (int x = 12; x < 20; ++x) Punch(&frame, x, y);
  }
  const Image filled = FillWith("background", frame);
  for (int x = 12; x < 20; ++x) EXPECT_EQ(filled.Row(0, 1)[x], 0.25f) << x;
}

TEST(BackgroundFillTest, KnownPixelsAwayFromHolesStayAsTheyAre) {
  const auto random = SeededRandom(TestSeed());
  const WarpedFrame frame = RandomWarp(97, 11, true, *random);
  const Image filled = FillWith("background", frame);
  for (int y = 0; y < 11; ++y) {
    const float* alpha = frame.rgba.Row(3, y);
    for (int x = 0; x < 97; ++x) {
      bool near_hole = false;
      for (int i = std::max(0, x - 2); i <= std::min(96, x + 2); ++i) near_hole |= alpha[i] == 0;
      if (near_hole) continue;
      for (int c = 0; c < 3; ++c) EXPECT_EQ(filled.Row(c, y)[x], frame.rgba.Row(c, y)[x]);
    }
  }
}

TEST(BackgroundFillTest, HoleAtThePicturesSideTakesItsOnlyNeighbour) {
  WarpedFrame frame = FlatFrame(21, 3, 0.5f, 9);
  for (int y = 0; y < 3; ++y) {
    for (int x = 0; x < 6; ++x) Punch(&frame, x, y);
    for (int x = 17; x < 21; ++x) Punch(&frame, x, y);
  }
  const Image filled = FillWith("background", frame);
  for (int x = 0; x < 21; ++x) EXPECT_EQ(filled.Row(2, 1)[x], 0.5f) << x;
}

TEST(BackgroundFillTest, MixtureOnTheBackgroundsRimIsFreedOfTheForeground) {
  WarpedFrame frame = FlatFrame(30, 1, 0.2f, 0);
  for (int x = 0; x < 10; ++x) Set(&frame, x, 0, 0.8f, 8);
  for (int x = 10; x < 18; ++x) Punch(&frame, x, 0);
  Set(&frame, 18, 0, 0.4f, 0);  // a third of the foreground
  const Image filled = FillWith("background", frame);
  for (int x = 10; x < 30; ++x) EXPECT_NEAR(filled.Row(0, 0)[x], 0.2f, 1e-3) << x;
}

TEST(BackgroundRimTest, ChromaIsFreedFartherThanLuma) {
  WarpedFrame frame = FlatFrame(40, 1, 0.5f, 0);
  const float orange[] = {0.9f, 0.4215f, 0.1f};  // of the background's luma
  const float shares[] = {0.55f, 0.4f, 0.25f, 0.15f};
  for (int x = 0; x < 18; ++x) {
    Set(&frame, x, 0, 0, 8);
    for (int c = 0; c < 3; ++c) frame.rgba.Row(c, 0)[x] = orange[c];
    if (x >= 10) Punch(&frame, x, 0);
  }
  for (int i = 0; i < 4; ++i) {
    for (int c = 0; c < 3; ++c) {
      frame.rgba.Row(c, 0)[18 + i] += shares[i] * (orange[c] - 0.5f) + (i == 3 ? 0.04f : 0);
    }
  }
  CleanBackgroundRims(&frame);
  for (int c = 0; c < 3; ++c) {
    for (int x = 18; x < 21; ++x) EXPECT_NEAR(frame.rgba.Row(c, 0)[x], 0.5f, 0.01f) << x;
    EXPECT_NEAR(frame.rgba.Row(c, 0)[21], 0.54f, 0.01f) << "luma has its own detail";
    EXPECT_EQ(frame.rgba.Row(c, 0)[22], 0.5f);
    EXPECT_EQ(frame.rgba.Row(c, 0)[9], orange[c]);
  }
}

TEST(BackgroundRimTest, ColourOfABackgroundThatRunsOnStays) {
  WarpedFrame frame = FlatFrame(40, 1, 0.5f, 0);
  for (int x = 0; x < 18; ++x) {
    Set(&frame, x, 0, 0, 8);
    frame.rgba.Row(0, 0)[x] = 0.9f;
    if (x >= 10) Punch(&frame, x, 0);
  }
  // Red as the foreground, and as far as the eye sees.
  for (int x = 18; x < 40; ++x) frame.rgba.Row(0, 0)[x] = x % 2 == 0 ? 0.6f : 0.55f;
  CleanBackgroundRims(&frame);
  for (int x = 18; x < 40; ++x) {
    EXPECT_EQ(frame.rgba.Row(0, 0)[x], x % 2 == 0 ? 0.6f : 0.55f) << x;
  }
}

TEST(BackgroundFillTest, DetailOnTheRimOfVariedBackgroundStays) {
  WarpedFrame frame = FlatFrame(30, 1, 0.2f, 0);
  for (int x = 0; x < 10; ++x) Set(&frame, x, 0, 0.8f, 8);
  for (int x = 10; x < 18; ++x) Punch(&frame, x, 0);
  for (int x = 18; x < 30; x += 2) Set(&frame, x, 0, 0.4f, 0);
  const Image filled = FillWith("background", frame);
  for (int x = 18; x < 30; ++x) EXPECT_NEAR(filled.Row(0, 0)[x], x % 2 == 0 ? 0.4f : 0.2f, 1e-3);
}

class EveryInpainterTest : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(All, EveryInpainterTest,
                         testing::Values("background", "background+mean", "stretch"));

TEST_P(EveryInpainterTest, RowWithoutKnownPixelTakesTheNearestRow) {
  WarpedFrame frame = FlatFrame(9, 6, 0.5f, 0);
  for (int x = 0; x < 9; ++x) {
    Set(&frame, x, 0, 0.25f, 0);
    for (int y = 1; y < 5; ++y) Punch(&frame, x, y);
  }
  const Image filled = FillWith(GetParam(), frame);
  const float expected[] = {0.25f, 0.25f, 0.25f, 0.5f, 0.5f, 0.5f};
  for (int y = 0; y < 6; ++y) EXPECT_EQ(filled.Row(0, y)[4], expected[y]) << y;
}

TEST_P(EveryInpainterTest, PictureWithoutKnownPixelTurnsBlack) {
  WarpedFrame frame = FlatFrame(9, 4, 0.5f, 0);
  for (int y = 0; y < 4; ++y) {
    for (int x = 0; x < 9; ++x) Punch(&frame, x, y);
  }
  const Image filled = FillWith(GetParam(), frame);
  for (int y = 0; y < 4; ++y) {
    for (int x = 0; x < 9; ++x) EXPECT_EQ(filled.Row(0, y)[x], 0);
  }
}

TEST_P(EveryInpainterTest, ResultRepeats) {
  const auto random = SeededRandom(TestSeed());
  const WarpedFrame frame = RandomWarp(61, 17, true, *random);
  const Image filled = FillWith(GetParam(), frame);
  ExpectSamePixels(filled, FillWith(GetParam(), frame));
}

TEST_P(EveryInpainterTest, WhatLiesBeyondTheRowsCountsForNothing) {
  const auto random = SeededRandom(TestSeed());
  const WarpedFrame frame = RandomWarp(21, 5, true, *random);
  WarpedFrame poisoned{.rgba = frame.rgba.Clone(), .displacement = frame.displacement.Clone()};
  for (int c = 0; c < 4; ++c) {
    for (int y = 0; y < 5; ++y) {
      std::fill(poisoned.rgba.Row(c, y) + 21, poisoned.rgba.Row(c, y) + poisoned.rgba.stride(),
                std::numeric_limits<float>::quiet_NaN());
    }
  }
  ExpectSamePixels(FillWith(GetParam(), frame), FillWith(GetParam(), poisoned));
}

TEST_P(EveryInpainterTest, FrameWithoutDisplacementIsRefused) {
  WarpedFrame frame = FlatFrame(9, 4, 0.5f, 0);
  frame.displacement = Image();
  auto inpainter = CreateInpainter(GetParam());
  ASSERT_TRUE(inpainter.ok());
  std::vector<FilledFrame> done;
  EXPECT_EQ((*inpainter)->Push({.warped = std::move(frame)}, &done).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ((*inpainter)->Push({}, &done).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(done.empty());
}

TEST(StretchInpainterTest, NearerEndOfTheRowsHoleIsSmeared) {
  WarpedFrame frame = FlatFrame(12, 1, 0.25f, 0);
  for (int x = 8; x < 12; ++x) Set(&frame, x, 0, 0.75f, 9);
  for (int x = 3; x < 8; ++x) Punch(&frame, x, 0);
  const Image filled = FillWith("stretch", frame);
  for (int x = 0; x < 12; ++x) EXPECT_EQ(filled.Row(0, 0)[x], x < 6 ? 0.25f : 0.75f) << x;
}

TEST(CreateInpainterTest, UnknownNameIsRefusedWithTheKnownOnes) {
  const auto inpainter = CreateInpainter("smear");
  EXPECT_EQ(inpainter.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(std::string(inpainter.status().message()).find("background"), std::string::npos);
}

TEST(HoleRunsTest, EqualPlainScan) {
  const auto random = SeededRandom(TestSeed());
  for (int width = 1; width < 70; ++width) {
    Image alpha(width, 1, 1);
    const uint64_t often = 1 + random->Next() % 20;
    bool hole = false;
    for (int x = 0; x < width; ++x) {
      if (random->Next() % often == 0) hole = !hole;
      alpha.Row(0, 0)[x] = hole ? 0 : 1;
    }
    std::vector<HoleRun> runs;
    FindHoleRuns(alpha.Row(0, 0), width, &runs);
    size_t next = 0;
    for (int x = 0; x < width; ++x) {
      if (alpha.Row(0, 0)[x] != 0 || (x > 0 && alpha.Row(0, 0)[x - 1] == 0)) continue;
      int end = x;
      while (end < width && alpha.Row(0, 0)[end] == 0) ++end;
      ASSERT_LT(next, runs.size());
      EXPECT_EQ(runs[next].begin, x);
      EXPECT_EQ(runs[next].end, end);
      ++next;
    }
    EXPECT_EQ(next, runs.size());
  }
}

}  // namespace
}  // namespace stereofarm
