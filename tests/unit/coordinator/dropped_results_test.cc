// Intermediates go when nobody needs them any more, and come back when somebody does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "coordinator/admin/doctor.h"
#include "tests/unit/coordinator/farm_fixture.h"

namespace stereofarm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Shots 0-100 (two shards) and 100-240 (three); one worker does a shard's tasks one after another.
class DroppedResultsTest : public FarmFixture {
 protected:
  JobSettings AllExr() const {
    JobSettings settings = Settings();
    settings.exr = ExrMode::kAll;
    return settings;
  }
  // The shards of which attempts' folders of this kind are there.
  std::vector<std::string> There(const std::string& job, const std::string& kind) {
    std::vector<std::string> shards;
    const auto attempts = files_->AttemptsOf(job);
    EXPECT_TRUE(attempts.ok());
    for (const std::string& attempt : attempts.value_or(std::vector<std::string>())) {
      const std::filesystem::path path = attempt;
      if (path.parent_path().parent_path().filename() == kind) {
        shards.push_back(path.parent_path().filename().string());
      }
    }
    return shards;
  }
  // Works until `count` segments are there.
  void WorkUntilSegments(int count) {
    while (count > 0) {
      const TaskLease lease = MustLease(worker_);
      ASSERT_TRUE(Complete(worker_, lease).ok());
      if (lease.spec.kind == TaskKind::kEncode || lease.spec.kind == TaskKind::kRender) --count;
    }
    background_.RunAll();
  }
  // Ends what is going on; how many tasks of each kind that took.
  std::map<TaskKind, int> WorkToTheEnd() {
    std::map<TaskKind, int> counts;
    while (const auto lease = LeaseOf(worker_)) {
      EXPECT_TRUE(Complete(worker_, *lease).ok());
      ++counts[lease->spec.kind];
    }
    return counts;
  }
  void SpoilSegment(const std::string& job, const std::string& shard) {
    const TaskRecord row = Task(job, "encode/" + shard);
    std::filesystem::remove_all(store_folder_ / row.committed_directory);
  }

  const FakeWorker worker_ = NewWorker("a");
};

TEST_F(DroppedResultsTest, WhatLiesBetweenGoesWithTheShardsSegment) {
  const std::string job = Submit(AllExr());
  const TaskLease encode = WorkUntil(worker_, TaskKind::kEncode);
  EXPECT_EQ(There(job, "warp").size(), 1u);
  EXPECT_EQ(There(job, "inpaint").size(), 1u);
  ASSERT_TRUE(Complete(worker_, encode).ok());
  background_.RunAll();
  EXPECT_THAT(There(job, "warp"), IsEmpty());
  EXPECT_THAT(There(job, "inpaint"), IsEmpty());
  EXPECT_EQ(There(job, "segments").size(), 1u);
  EXPECT_EQ(There(job, "depth").size(), 2u);
  WorkToTheEnd();
  EXPECT_EQ(StateOf(job), JobState::kDone);
}

TEST_F(DroppedResultsTest, WithKeepAllOfItStays) {
  JobSettings settings = AllExr();
  settings.keep = true;
  const std::string job = Submit(settings);
  WorkToTheEnd();
  EXPECT_EQ(StateOf(job), JobState::kDone);
  EXPECT_EQ(There(job, "warp").size(), 5u);
  EXPECT_EQ(There(job, "inpaint").size(), 5u);
}

TEST_F(DroppedResultsTest, NeitherARestartNorGoingOnMakesThemAgain) {
  const std::string job = Submit(AllExr());
  WorkUntilSegments(3);
  RestartFarm();
  ASSERT_EQ(Continue(AllExr()), job);
  const auto counts = WorkToTheEnd();
  EXPECT_EQ(StateOf(job), JobState::kDone);
  EXPECT_EQ(counts.at(TaskKind::kWarp), 2);
  EXPECT_EQ(counts.at(TaskKind::kEncode), 2);
  const JobReport report = Report(job);
  EXPECT_EQ(report.tasks.run + report.tasks.reused, 1 + 5 * 4);
}

TEST_F(DroppedResultsTest, ACrashBeforeTheyAreGoneHarmsNothing) {
  const std::string job = Submit(AllExr());
  const TaskLease encode = WorkUntil(worker_, TaskKind::kEncode);
  ASSERT_TRUE(Complete(worker_, encode).ok());
  RestartFarm();  // drops the background's work
  EXPECT_EQ(There(job, "warp").size(), 1u);
  const auto counts = WorkToTheEnd();
  EXPECT_EQ(counts.at(TaskKind::kWarp), 4);
  EXPECT_EQ(StateOf(job), JobState::kDone);
  EXPECT_THAT(There(job, "warp"), IsEmpty());
}

TEST_F(DroppedResultsTest, ADamagedSegmentIsMadeAgainFromTheStart) {
  const std::string job = Submit(AllExr());
  films_.SetAssembleError(absl::ResourceExhaustedError("the disk is full"));
  WorkToTheEnd();
  ASSERT_EQ(StateOf(job), JobState::kAssembling);
  SpoilSegment(job, "000000-000050");
  films_.SetAssembleError(absl::OkStatus());
  RestartFarm();
  const auto counts = WorkToTheEnd();
  EXPECT_EQ(counts.at(TaskKind::kWarp), 1);
  EXPECT_EQ(counts.at(TaskKind::kInpaint), 1);
  EXPECT_EQ(counts.at(TaskKind::kEncode), 1);
  EXPECT_FALSE(counts.contains(TaskKind::kDepth));
  EXPECT_EQ(StateOf(job), JobState::kDone);
}

TEST_F(DroppedResultsTest, TheDoctorTakesThemForNoDamage) {
  Submit(AllExr());
  WorkUntilSegments(2);
  engine_.reset();
  store_.reset();
  const auto diagnosis = ExamineFarm({root_, store_folder_});
  ASSERT_TRUE(diagnosis.ok()) << diagnosis.status();
  EXPECT_THAT(diagnosis->findings, IsEmpty());
}

class ShortDiskTest : public DroppedResultsTest {
 protected:
  ShortDiskTest() {
    guard_ = std::make_unique<DiskGuard>(
        std::vector<std::filesystem::path>{root_}, int64_t{1'000'000'000},
        [this](const std::filesystem::path&) -> absl::StatusOr<DiskSpace> {
          return DiskSpace{free_, 100'000'000'000};
        });
    disks_ = guard_.get();
    StartFarm();
  }
  void GetShort() {
    free_ = 1'900'000'000;
    clock_.Advance(11 * kSecond);
    engine_->Tick();
    background_.RunAll();
  }

  int64_t free_ = 50'000'000'000;
  std::unique_ptr<DiskGuard> guard_;
};

TEST_F(ShortDiskTest, DepthOfFinishedShotsGoesWhenRoomIsShort) {
  const std::string job = Submit(Settings());
  WorkUntilSegments(3);
  ASSERT_EQ(There(job, "depth").size(), 5u);
  GetShort();
  // The first shot has both its segments, the second but one of three.
  EXPECT_EQ(There(job, "depth").size(), 3u);
  EXPECT_THAT(Report(job).remarks, ElementsAre(HasSubstr("depth")));
  RestartFarm();
  const auto counts = WorkToTheEnd();
  EXPECT_FALSE(counts.contains(TaskKind::kDepth));
  EXPECT_EQ(counts.at(TaskKind::kRender), 2);
  EXPECT_EQ(StateOf(job), JobState::kDone);
}

TEST_F(ShortDiskTest, WithKeepDepthStays) {
  JobSettings settings = Settings();
  settings.keep = true;
  const std::string job = Submit(settings);
  WorkUntilSegments(3);
  GetShort();
  EXPECT_EQ(There(job, "depth").size(), 5u);
}

TEST_F(ShortDiskTest, AChangedConvergenceMakesJustTheDroppedDepthAgain) {
  const std::string job = Submit(Settings());
  WorkUntilSegments(3);
  GetShort();
  JobSettings changed = Settings();
  changed.convergence = 0.75;
  ASSERT_EQ(Continue(changed), job);
  const auto counts = WorkToTheEnd();
  EXPECT_EQ(counts.at(TaskKind::kDepth), 2);
  EXPECT_EQ(counts.at(TaskKind::kRender), 5);
  EXPECT_EQ(StateOf(job), JobState::kDone);
  EXPECT_THAT(FilmText(), HasSubstr("convergence 0.75"));
}

TEST_F(ShortDiskTest, ADamagedSegmentBringsTheDepthThatItReadsBack) {
  const std::string job = Submit(Settings());
  WorkUntilSegments(4);
  GetShort();
  ASSERT_EQ(There(job, "depth").size(), 3u);
  std::filesystem::remove_all(store_folder_ /
                              Task(job, "render/000000-000050").committed_directory);
  RestartFarm();
  const auto counts = WorkToTheEnd();
  EXPECT_EQ(counts.at(TaskKind::kDepth), 2);
  EXPECT_EQ(counts.at(TaskKind::kRender), 2);
  EXPECT_EQ(StateOf(job), JobState::kDone);
}

}  // namespace
}  // namespace stereofarm
