#include "coordinator/cli/progress_meter.h"

#include "gtest/gtest.h"

namespace stereofarm {
namespace {

constexpr int64_t kSecond = 1'000'000;

v1::JobStatus Status(int64_t done, int64_t total, int running = 1) {
  v1::JobStatus status;
  v1::StageProgress* stage = status.add_stages();
  stage->set_stage("render");
  stage->set_frames_done(done);
  stage->set_frames_total(total);
  stage->set_tasks_running(running);
  return status;
}

TEST(ProgressMeterTest, WhatAnEarlierRunDidIsNoSpeed) {
  ProgressMeter meter;
  EXPECT_EQ(meter.Update(Status(500, 1000), 0).stages[0].fps, 0);
  EXPECT_DOUBLE_EQ(meter.Update(Status(520, 1000), 4 * kSecond).stages[0].fps, 5);
}

TEST(ProgressMeterTest, WaitingForWorkIsNotSlowness) {
  ProgressMeter meter;
  meter.Update(Status(0, 100, /*running=*/0), 0);
  meter.Update(Status(0, 100, /*running=*/0), 50 * kSecond);
  EXPECT_DOUBLE_EQ(meter.Update(Status(20, 100), 52 * kSecond).stages[0].fps, 10);
}

TEST(ProgressMeterTest, AFinishedStageKeepsItsSpeed) {
  ProgressMeter meter;
  meter.Update(Status(0, 100), 0);
  EXPECT_DOUBLE_EQ(meter.Update(Status(100, 100), 10 * kSecond).stages[0].fps, 10);
  EXPECT_DOUBLE_EQ(meter.Update(Status(100, 100), 99 * kSecond).stages[0].fps, 10);
}

TEST(ProgressMeterTest, TheTimeLeftFollowsFromTheShareDone) {
  ProgressMeter meter;
  EXPECT_FALSE(meter.Update(Status(0, 100), 0).seconds_left.has_value());
  EXPECT_FALSE(meter.Update(Status(1, 100), kSecond).seconds_left.has_value());
  const auto left = meter.Update(Status(25, 100), 10 * kSecond).seconds_left;
  ASSERT_TRUE(left.has_value());
  EXPECT_NEAR(*left, 30, 1e-9);
}

TEST(ProgressMeterTest, ASmallerCountStartsTheClockAgain) {
  ProgressMeter meter;
  meter.Update(Status(50, 100), 0);
  meter.Update(Status(60, 100), 10 * kSecond);
  meter.Update(Status(10, 100), 20 * kSecond);  // results were superseded
  EXPECT_DOUBLE_EQ(meter.Update(Status(20, 100), 25 * kSecond).stages[0].fps, 2);
}

TEST(DurationTextTest, ShowsHoursOnlyWhenThereAreSome) {
  EXPECT_EQ(DurationText(7.4), "0:07");
  EXPECT_EQ(DurationText(760), "12:40");
  EXPECT_EQ(DurationText(3723), "1:02:03");
  EXPECT_EQ(DurationText(-1), "0:00");
}

}  // namespace
}  // namespace stereofarm
