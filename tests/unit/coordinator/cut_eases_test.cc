// Jobs that limit how far depth jumps at cuts.
#include "coordinator/scheduling/cut_eases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/reconcile/cut_ease.h"
#include "tests/unit/coordinator/farm_fixture.h"

namespace stereofarm {
namespace {

using ::testing::Contains;
using ::testing::Not;

// A film of 240 frames whose shots are far where they begin and near where they end.
class CutEasesTest : public FarmFixture {
 protected:
  CutEasesTest() { cuts_ = {100, 170}; }

  JobSettings Eased() const {
    JobSettings settings = Settings();
    settings.cut_jump_percent = 0.5;
    return settings;
  }
  FakeWorker Worker(const std::string& id, const std::string& numeric_class = "cpu-a") {
    FakeWorker worker = NewWorker(id, numeric_class);
    worker.UseDepth([this](int64_t frame, float slope) {
      const auto next = cuts_.upper_bound(frame);
      const int64_t begin = next == cuts_.begin() ? 0 : *std::prev(next);
      const int64_t end = next == cuts_.end() ? 240 : *next;
      return 0.3f * slope + (2 * frame < begin + end ? 0.0f : 0.7f);
    });
    return worker;
  }
  struct Seen {
    std::vector<std::string> tasks;       // in the order in which they were lent
    std::map<int64_t, TaskSpec> of_shot;  // a render task of the shot that begins there
  };
  Seen WorkAndSee(const FakeWorker& worker) {
    Seen seen;
    while (const auto lease = LeaseOf(worker)) {
      seen.tasks.push_back(lease->spec.task);
      if (lease->spec.kind == TaskKind::kRender) {
        seen.of_shot[lease->spec.shard.shot.begin] = lease->spec;
      }
      EXPECT_TRUE(Complete(worker, *lease).ok());
    }
    return seen;
  }
  // What was lent before the first task of the shot's render.
  static std::vector<std::string> BeforeRenderOf(const Seen& seen, const std::string& core) {
    const auto first = std::find(seen.tasks.begin(), seen.tasks.end(), "render/" + core);
    EXPECT_NE(first, seen.tasks.end());
    return {seen.tasks.begin(), first};
  }
};

TEST_F(CutEasesTest, AShotIsRenderedWhenThoseBesideItAreReconciledAndNoLater) {
  Submit(Eased());
  const Seen seen = WorkAndSee(Worker("a"));
  const std::vector<std::string> before = BeforeRenderOf(seen, "000000-000050");
  EXPECT_THAT(before, Contains("depth/000100-000135"));
  EXPECT_THAT(before, Contains("depth/000135-000170"));
  EXPECT_THAT(before, Not(Contains("depth/000205-000240")));
}

TEST_F(CutEasesTest, WithoutALimitNoShotWaitsForAnother) {
  const std::string job = Submit(Settings());
  const Seen seen = WorkAndSee(Worker("a"));
  EXPECT_THAT(BeforeRenderOf(seen, "000000-000050"), Not(Contains("depth/000100-000135")));
  for (const auto& [begin, spec] : seen.of_shot) {
    EXPECT_EQ(spec.ease_begin, DepthEase());
    EXPECT_EQ(spec.ease_end, DepthEase());
  }
  const JobReport report = Report(job);
  ASSERT_EQ(report.cuts.size(), 2u);
  EXPECT_EQ(report.cuts[0].frame, 100);
  EXPECT_GT(report.cuts[0].jump_percent, 1);
  EXPECT_EQ(report.cuts[0].jump_percent, report.cuts[0].uneased_percent);
}

TEST_F(CutEasesTest, DepthJumpsByTheLimitAtMost) {
  const std::string job = Submit(Eased());
  const Seen seen = WorkAndSee(Worker("a"));
  EXPECT_EQ(StateOf(job), JobState::kDone);
  ASSERT_EQ(seen.of_shot.size(), 3u);
  EXPECT_EQ(seen.of_shot.at(0).ease_begin, DepthEase());
  EXPECT_NE(seen.of_shot.at(0).ease_end, DepthEase());
  EXPECT_NE(seen.of_shot.at(100).ease_begin, DepthEase());
  EXPECT_NE(seen.of_shot.at(100).ease_end, DepthEase());
  EXPECT_NE(seen.of_shot.at(170).ease_begin, DepthEase());
  EXPECT_EQ(seen.of_shot.at(170).ease_end, DepthEase());
  const JobReport report = Report(job);
  ASSERT_EQ(report.cuts.size(), 2u);
  for (const CutReport& cut : report.cuts) {
    EXPECT_LE(cut.jump_percent, 0.5 + 1e-6);
    EXPECT_GT(cut.uneased_percent, 1);
  }
}

TEST_F(CutEasesTest, ACrashWhileAShotWaitsChangesNothing) {
  const std::string job = Submit(Eased());
  const FakeWorker a = Worker("a");
  while (const auto lease = LeaseOf(a)) {
    if (lease->spec.task == "depth/000135-000170") break;
    ASSERT_TRUE(Complete(a, *lease).ok());
  }
  RestartFarm();
  clock_.Advance(2 * kGrace);
  ASSERT_TRUE(engine_->Register(a.Record()).ok());
  engine_->Tick();
  const Seen seen = WorkAndSee(a);
  EXPECT_EQ(StateOf(job), JobState::kDone);
  EXPECT_EQ(seen.of_shot.size(), 3u);
  EXPECT_THAT(BeforeRenderOf(seen, "000000-000050"), Contains("depth/000135-000170"));
  EXPECT_EQ(Report(job).tasks.run, 1 + 6 + 6);
}

TEST_F(CutEasesTest, AnotherLimitRendersAgainWithoutDepth) {
  JobSettings settings = Eased();
  settings.keep = true;
  Submit(settings);
  const FakeWorker a = Worker("a");
  Work(a);
  settings.cut_jump_percent = 0.4;
  Continue(settings);
  EXPECT_EQ(Work(a), 6);
  settings.cut_jump_percent = 10;  // nothing jumps as far: as without a limit
  Continue(settings);
  EXPECT_EQ(Work(a), 6);
  settings.cut_jump_percent = 0;
  Continue(settings);
  EXPECT_EQ(Work(a), 0);
}

TEST_F(CutEasesTest, ACutBesideASingleFrameStaysAsItIs) {
  cuts_ = {100, 101};
  Submit(Eased());
  const Seen seen = WorkAndSee(Worker("a"));
  ASSERT_EQ(seen.of_shot.size(), 3u);
  for (const auto& [begin, spec] : seen.of_shot) {
    EXPECT_EQ(spec.ease_begin, DepthEase());
    EXPECT_EQ(spec.ease_end, DepthEase());
  }
}

// The workers that began a shot are gone: it begins again, and what was begun with its depth stops.
TEST_F(CutEasesTest, AShotThatBeginsAgainHoldsUpThoseBesideIt) {
  const std::string job = Submit(Eased());
  const FakeWorker a = Worker("a", "cpu-a");
  const FakeWorker b = Worker("b", "cpu-b");
  const auto complete_next = [&](const FakeWorker& worker, const std::string& task) {
    const TaskLease lease = MustLease(worker);
    ASSERT_EQ(lease.spec.task, task);
    ASSERT_TRUE(Complete(worker, lease).ok());
  };
  complete_next(a, "scan/000000-000240");
  complete_next(a, "depth/000000-000050");
  complete_next(a, "depth/000050-000100");
  for (const char* core : {"000100-000135", "000135-000170", "000170-000205", "000205-000240"}) {
    complete_next(b, std::string("depth/") + core);
  }
  const TaskLease render = MustLease(a);
  ASSERT_EQ(render.spec.task, "render/000000-000050");
  ASSERT_TRUE(engine_->Leave("b").ok());
  for (int i = 0; i < 4; ++i) {
    clock_.Advance(kGrace / 3);
    EXPECT_TRUE(engine_->Lease("a").ok());
    engine_->Tick();
  }
  EXPECT_EQ(Task(job, "depth/000100-000135").state, TaskState::kReady);
  EXPECT_EQ(Task(job, "render/000000-000050").state, TaskState::kWaiting);
  EXPECT_FALSE(Complete(a, render).ok());
  Work(a);
  EXPECT_EQ(StateOf(job), JobState::kDone);
  for (const CutReport& cut : Report(job).cuts) EXPECT_LE(cut.jump_percent, 0.5 + 1e-6);
}

}  // namespace
}  // namespace stereofarm
