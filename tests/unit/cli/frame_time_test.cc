#include "coordinator/cli/frame_time.h"

#include "gtest/gtest.h"

namespace stereofarm {
namespace {

FrameTime Seconds(double seconds) { return FrameTime(seconds); }

// Frames at 1/25 s, the first at one second, the fourth shown twice as long.
FrameIndex Index() {
  FrameIndex index;
  index.time_base = {1, 1000};
  for (const int64_t pts : {1000, 1040, 1080, 1120, 1200}) {
    index.frames.push_back({.pts = pts, .duration = 40});
  }
  return index;
}

TEST(FrameTimeTest, ReadsSecondsClockTimesAndFrames) {
  EXPECT_EQ(*ParseFrameTime("62.5"), Seconds(62.5));
  EXPECT_EQ(*ParseFrameTime("1:02"), Seconds(62));
  EXPECT_EQ(*ParseFrameTime("1:02:03.25"), Seconds(3723.25));
  EXPECT_EQ(*ParseFrameTime("0"), Seconds(0));
  EXPECT_EQ(*ParseFrameTime("120f"), FrameTime(int64_t{120}));
}

TEST(FrameTimeTest, RefusesWhatIsNoTime) {
  for (const char* text : {"", "f", "-1", "1:2:3:4", "12s", "1e3", "nan", "1f2", ":5"}) {
    EXPECT_EQ(ParseFrameTime(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

TEST(FrameTimeTest, ATimeCountsFromTheFirstFrame) {
  EXPECT_EQ(*FrameAt(Index(), Seconds(0)), 0);
  EXPECT_EQ(*FrameAt(Index(), Seconds(0.04)), 1);
  EXPECT_EQ(*FrameAt(Index(), Seconds(0.079)), 1);
}

TEST(FrameTimeTest, AFrameIsShownUntilTheNextOneBegins) {
  EXPECT_EQ(*FrameAt(Index(), Seconds(0.19)), 3);
  EXPECT_EQ(*FrameAt(Index(), Seconds(0.2)), 4);
  EXPECT_EQ(*FrameAt(Index(), Seconds(0.24)), 4);
}

TEST(FrameTimeTest, WhatLiesBehindTheEndIsRefused) {
  EXPECT_FALSE(FrameAt(Index(), Seconds(0.25)).ok());
  EXPECT_EQ(*FrameAt(Index(), FrameTime(int64_t{4})), 4);
  EXPECT_FALSE(FrameAt(Index(), FrameTime(int64_t{5})).ok());
}

}  // namespace
}  // namespace stereofarm
