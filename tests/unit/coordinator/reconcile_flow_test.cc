// What reconcile asks of the farm beyond a shot's own shards.
#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "common/base/file_system.h"
#include "coordinator/scheduling/task_spec.h"
#include "tests/unit/coordinator/farm_fixture.h"

namespace stereofarm {
namespace {

class ReconcileFlowTest : public FarmFixture {
 protected:
  // Depth of files, each shard's turned; shots of 5 and 7 shards.
  JobSettings Turned() {
    const std::filesystem::path folder = root_ / "films" / "depth";
    EXPECT_TRUE(MakeDirectories(folder).ok());
    for (int i = 0; i < 240; ++i) {
      EXPECT_TRUE(WriteFileAtomically(folder / (std::to_string(1000 + i) + ".exr"), "z").ok());
    }
    JobSettings settings = Settings();
    settings.shard_frames = 20;
    settings.depth = "exr:" + folder.string();
    settings.perturb_depth_seed = 1;
    return settings;
  }
};

TEST_F(ReconcileFlowTest, ALongShotOfTurnedDepthHasASkeleton) {
  const std::string job = Submit(Turned());
  const FakeWorker a = NewWorker("a");
  std::vector<TaskLease> skeletons;
  while (const auto lease = LeaseOf(a)) {
    if (lease->spec.IsSkeleton()) skeletons.push_back(*lease);
    ASSERT_TRUE(Complete(a, *lease).ok());
  }
  ASSERT_EQ(skeletons.size(), 2u);
  const TaskSpec& first = skeletons[0].spec;
  EXPECT_EQ(first.kind, TaskKind::kDepth);
  EXPECT_EQ(first.task, "depth/000000-000100");
  EXPECT_EQ(first.sample_frames.size(), 10u);
  EXPECT_LT(first.sample_frames.front(), 20);
  EXPECT_GE(first.sample_frames.back(), 80);
  const JobReport report = Report(job);
  EXPECT_EQ(report.job.state, JobState::kDone);
  EXPECT_EQ(report.tasks.run, 1 + 12 + 2 + 12);
  // Its frames are the shards' too: they aren't counted twice.
  for (const StageReport& stage : report.stages) {
    EXPECT_EQ(stage.frames_done, stage.frames_total) << stage.stage;
  }
}

TEST_F(ReconcileFlowTest, NoShotIsReconciledBeforeItsSkeletonIsThere) {
  const std::string job = Submit(Turned());
  const FakeWorker a = NewWorker("a");
  std::optional<TaskLease> skeleton;
  while (const auto lease = LeaseOf(a)) {
    if (lease->spec.IsSkeleton() && !skeleton) {
      skeleton = *lease;
      break;
    }
    ASSERT_TRUE(Complete(a, *lease).ok());
  }
  ASSERT_TRUE(skeleton.has_value());
  const FakeWorker b = NewWorker("b");
  while (const auto lease = LeaseOf(b)) {
    EXPECT_FALSE(lease->spec.kind == TaskKind::kRender && lease->spec.shard.core.end <= 100);
    ASSERT_TRUE(Complete(b, *lease).ok());
  }
  EXPECT_EQ(StateOf(job), JobState::kRunning);
  RestartFarm();
  ASSERT_TRUE(engine_->Register(a.Record()).ok());
  ASSERT_TRUE(engine_->Register(b.Record()).ok());
  ASSERT_TRUE(Complete(a, *skeleton).ok());
  Work(b);
  EXPECT_EQ(StateOf(job), JobState::kDone);
}

TEST_F(ReconcileFlowTest, ADamagedSkeletonRunsAgain) {
  const std::string job = Submit(Turned());
  const FakeWorker a = NewWorker("a");
  TaskLease last;
  while (const auto lease = LeaseOf(a)) {
    ASSERT_TRUE(Complete(a, *lease).ok());
    if (!lease->spec.IsSkeleton()) continue;
    last = *lease;
    if (last.epoch > 1) break;
    ASSERT_TRUE(
        WriteFileAtomically(store_folder_ / last.attempt_directory / "samples.bin", "spoilt").ok());
  }
  EXPECT_EQ(last.epoch, 2);
  Work(a);
  EXPECT_EQ(StateOf(job), JobState::kDone);
}

TEST_F(ReconcileFlowTest, ASkeletonIsReusedWhenNothingOfItChanged) {
  JobSettings settings = Turned();
  settings.keep = true;
  const std::string job = Submit(settings);
  const FakeWorker a = NewWorker("a");
  Work(a);
  settings.convergence = 0.25;
  Continue(settings);
  EXPECT_EQ(Work(a), 12);  // only the segments
  EXPECT_EQ(Report(job).tasks.reused, 1 + 12 + 2);
  settings.perturb_depth_seed = 3;
  Continue(settings);
  EXPECT_EQ(Work(a), 12 + 2 + 12);
}

TEST_F(ReconcileFlowTest, AShotOfVeryManyShardsHasFinerSkeletonsToo) {
  JobSettings settings = Turned();
  settings.shard_frames = 2;  // shots of 50 and 70 shards
  settings.keep = true;
  const std::string job = Submit(settings);
  const FakeWorker a = NewWorker("a");
  const FakeWorker b = NewWorker("b");
  std::set<std::string> skeletons;
  std::optional<TaskLease> held;
  while (const auto lease = LeaseOf(held ? b : a)) {
    if (lease->spec.IsSkeleton()) skeletons.insert(lease->spec.task);
    // The shot waits for each of them.
    const bool is_render = lease->spec.kind == TaskKind::kRender;
    EXPECT_FALSE(held && is_render && lease->spec.shard.core.begin >= 100) << lease->spec.task;
    if (lease->spec.task == "depth/000146-000192") {
      held = lease;
      continue;
    }
    ASSERT_TRUE(Complete(held ? b : a, *lease).ok());
  }
  EXPECT_EQ(skeletons, (std::set<std::string>{"depth/000000-000100", "depth/000100-000240",
                                              "depth/000100-000146", "depth/000146-000192",
                                              "depth/000192-000240"}));
  ASSERT_TRUE(held.has_value());
  EXPECT_EQ(held->spec.shard.shot, (FrameRange{100, 240}));
  ASSERT_TRUE(Complete(a, *held).ok());
  Work(b);
  const JobReport report = Report(job);
  EXPECT_EQ(report.job.state, JobState::kDone);
  for (const StageReport& stage : report.stages) {
    EXPECT_EQ(stage.frames_done, stage.frames_total) << stage.stage;
  }
  settings.convergence = 0.25;
  Continue(settings);
  EXPECT_EQ(Work(b), 120);  // only the segments
}

TEST_F(ReconcileFlowTest, ShortShotsAndNetworksThatSeeFramesAloneHaveNone) {
  JobSettings settings = Turned();
  EXPECT_TRUE(settings.WantsSkeleton());
  settings.shard_frames = 60;  // shots of 2 and 3 shards
  Submit(settings);
  EXPECT_EQ(Work(NewWorker("a")), 1 + 5 + 5);
  settings.depth = "video-depth-anything-small";
  EXPECT_TRUE(settings.WantsSkeleton());
  settings.depth = "depth-anything-v2-small";
  EXPECT_FALSE(settings.WantsSkeleton());
  settings.depth = "parallax";
  EXPECT_FALSE(settings.WantsSkeleton());
  settings.depth = "exr:/d";
  settings.perturb_depth_seed = 0;
  EXPECT_FALSE(settings.WantsSkeleton());
}

// Seams over the gate, where a shard's depth is rough until it has enough overlap.
class SeamGateTest : public ReconcileFlowTest {
 protected:
  // Of the shots 0-100 and 100-240 in shards of 50 and 47: the one of 50-100 is rough.
  static bool IsSecond(const TaskSpec& spec) { return spec.shard.core == FrameRange{50, 100}; }
  FakeWorker Rough(const std::string& id, int64_t until_overlap) {
    FakeWorker worker = NewWorker(id);
    worker.UseRoughDepth([until_overlap](const TaskSpec& spec) {
      return IsSecond(spec) && spec.shard.core.begin - spec.shard.full.begin < until_overlap;
    });
    return worker;
  }
  // Does all tasks; the overlaps with which the rough shard was leased.
  std::vector<int64_t> Overlaps(const FakeWorker& worker) {
    std::vector<int64_t> overlaps;
    while (const auto lease = LeaseOf(worker)) {
      if (lease->spec.kind == TaskKind::kDepth && IsSecond(lease->spec)) {
        overlaps.push_back(lease->spec.shard.core.begin - lease->spec.shard.full.begin);
      }
      EXPECT_TRUE(Complete(worker, *lease).ok());
    }
    return overlaps;
  }
};

TEST_F(SeamGateTest, ABadSeamsNeighboursRunAgainWithMoreOverlap) {
  const std::string job = Submit(Settings());
  const FakeWorker a = Rough("a", 8);
  EXPECT_EQ(Overlaps(a), (std::vector<int64_t>{4, 8}));
  const JobReport report = Report(job);
  EXPECT_EQ(report.job.state, JobState::kDone);
  EXPECT_EQ(report.tasks.run, 1 + 5 + 2 + 5);  // both neighbours, no segment twice
  ASSERT_EQ(report.seams.size(), 3u);
  EXPECT_LT(report.seams[0].residual_percent, 0.01);
  EXPECT_EQ(report.remarks.size(), 1u);  // the film's own
  EXPECT_EQ(Task(job, "depth/000000-000050").epoch, 2);
  EXPECT_EQ(Task(job, "depth/000100-000146").epoch, 1);
}

TEST_F(SeamGateTest, ItEndsAfterTwoTriesAndIsRemarked) {
  const std::string job = Submit(Settings());
  const FakeWorker a = Rough("a", 1000);
  EXPECT_EQ(Overlaps(a), (std::vector<int64_t>{4, 8, 16}));
  const JobReport report = Report(job);
  EXPECT_EQ(report.job.state, JobState::kDone);
  EXPECT_GT(report.seams[0].residual_percent, 0.1);
  ASSERT_EQ(report.remarks.size(), 2u);
  EXPECT_TRUE(absl::StrContains(report.remarks[1], "at frame 50 "));
}

TEST_F(SeamGateTest, MoreOverlapThanTheShardIsLongIsNotToBeHad) {
  JobSettings settings = Settings();
  settings.overlap = 40;
  Submit(settings);
  EXPECT_EQ(Overlaps(Rough("a", 1000)), (std::vector<int64_t>{40, 50}));
}

TEST_F(SeamGateTest, WithoutAGateNothingRunsAgain) {
  JobSettings settings = Settings();
  settings.seam_gate_percent = 0;
  const std::string job = Submit(settings);
  EXPECT_EQ(Overlaps(Rough("a", 1000)), (std::vector<int64_t>{4}));
  EXPECT_EQ(Report(job).remarks.size(), 1u);
}

TEST_F(SeamGateTest, ARestartGoesOnWithTheOverlapThatItHad) {
  const std::string job = Submit(Settings());
  const FakeWorker a = Rough("a", 8);
  while (const auto lease = LeaseOf(a)) {
    const bool is_wide = IsSecond(lease->spec) && lease->spec.shard.full.begin == 42;
    if (is_wide && lease->spec.kind == TaskKind::kDepth) break;
    ASSERT_TRUE(Complete(a, *lease).ok());
  }
  RestartFarm();
  clock_.Advance(2 * kGrace);
  ASSERT_TRUE(engine_->Register(a.Record()).ok());
  engine_->Tick();
  EXPECT_EQ(Overlaps(a), (std::vector<int64_t>{8}));
  EXPECT_EQ(StateOf(job), JobState::kDone);
}

TEST_F(SeamGateTest, AContinuedJobKeepsWhatWasWidened) {
  JobSettings settings = Settings();
  settings.keep = true;
  const std::string job = Submit(settings);
  const FakeWorker a = Rough("a", 8);
  Overlaps(a);
  settings.convergence = 0.25;
  Continue(settings);
  EXPECT_EQ(Work(a), 5);
  // Another gate might not have widened it: the film may not depend on what was there before.
  settings.seam_gate_percent = 0.2;
  Continue(settings);
  EXPECT_EQ(Overlaps(a), (std::vector<int64_t>{4, 8}));
}

}  // namespace
}  // namespace stereofarm
