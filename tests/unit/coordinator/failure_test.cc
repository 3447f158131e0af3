// What becomes of attempts that fail: each class of failure.
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "coordinator/scheduling/failure_rules.h"
#include "coordinator/scheduling/stage_speed.h"
#include "tests/unit/coordinator/farm_fixture.h"

namespace stereofarm {
namespace {

class FailureTest : public FarmFixture {
 protected:
  // Lets the lease run out.
  void Lose(const FakeWorker& worker) {
    MustLease(worker);
    clock_.Advance(kLease + 1);
    engine_->Tick();
  }
  std::string StateOfWorker(const std::string& id) {
    for (const WorkerReport& report : engine_->Workers()) {
      if (report.worker.id == id) return report.state;
    }
    return "";
  }
};

TEST(FailureRulesTest, EveryClassHasARule) {
  for (const FailureClass failure :
       {FailureClass::kPermanent, FailureClass::kRetryable, FailureClass::kStorageAway,
        FailureClass::kStorageFull, FailureClass::kDeviceMemory, FailureClass::kInputDamaged,
        FailureClass::kWorkerLost, FailureClass::kStalled}) {
    EXPECT_EQ(RuleOf(failure).failure, failure);
    EXPECT_EQ(*ParseFailureClass(FailureClassName(failure)), failure);
  }
}

TEST_F(FailureTest, PermanentFailsTheJobAtOnce) {
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  ASSERT_TRUE(FailWith(a, MustLease(a), FailureClass::kPermanent, "no film").ok());
  EXPECT_EQ(StateOf(job), JobState::kFailed);
  EXPECT_EQ(Report(job).job.error, "no film");
}

TEST_F(FailureTest, RetryableCountsAndGoesElsewhere) {
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  NewWorker("b");
  const TaskLease lease = MustLease(a);
  ASSERT_TRUE(FailWith(a, lease, FailureClass::kRetryable, "x").ok());
  const TaskRecord task = Task(job, lease.spec.task);
  EXPECT_EQ(task.failures, 1);
  EXPECT_EQ(task.free_failures, 0);
  EXPECT_EQ(task.avoid_worker, "a");
  EXPECT_FALSE(LeaseOf(a).has_value());
}

TEST_F(FailureTest, StorageAwayIsFreeAndGoesElsewhere) {
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  NewWorker("b");
  const TaskLease lease = MustLease(a);
  ASSERT_TRUE(FailWith(a, lease, FailureClass::kStorageAway, "not mounted").ok());
  const TaskRecord task = Task(job, lease.spec.task);
  EXPECT_EQ(task.failures, 0);
  EXPECT_EQ(task.free_failures, 1);
  EXPECT_EQ(task.avoid_worker, "a");
}

TEST_F(FailureTest, StorageFullIsFreeAndMayStay) {
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  NewWorker("b");
  const TaskLease lease = MustLease(a);
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(
        FailWith(a, i == 0 ? lease : MustLease(a), FailureClass::kStorageFull, "full").ok());
  }
  EXPECT_EQ(Task(job, lease.spec.task).failures, 0);
  EXPECT_EQ(StateOf(job), JobState::kRunning);
}

TEST_F(FailureTest, ADiskThatFillsAgainAndAgainPutsNoTaskAside) {
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  std::string name;
  for (int i = 0; i < 10 * kMostFreeFailures; ++i) {
    const TaskLease lease = MustLease(a);
    name = lease.spec.task;
    ASSERT_TRUE(FailWith(a, lease, FailureClass::kStorageFull, "no space on /scratch").ok());
    clock_.Advance(kSecond);
    engine_->Tick();
  }
  EXPECT_EQ(StateOf(job), JobState::kRunning);
  EXPECT_EQ(Task(job, name).failures, 0);
  EXPECT_NE(Report(job).hold.find("no space on /scratch"), std::string::npos) << Report(job).hold;
  // It has spent nothing of what other failures have for free.
  ASSERT_TRUE(FailWith(a, MustLease(a), FailureClass::kStorageAway, "not mounted").ok());
  EXPECT_EQ(Task(job, name).failures, 0);
  const TaskLease lease = MustLease(a);
  EXPECT_EQ(lease.spec.task, name);
  ASSERT_TRUE(Complete(a, lease).ok());
  EXPECT_EQ(Report(job).hold, "");
}

TEST_F(FailureTest, AFullDiskEndsAConversionAfterSomeTries) {
  options_.is_private = true;
  StartFarm();
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  for (int i = 0; i < 2 * kMostFailures; ++i) {
    EXPECT_EQ(StateOf(job), JobState::kRunning);
    ASSERT_TRUE(FailWith(a, MustLease(a), FailureClass::kStorageFull, "full").ok());
  }
  engine_->Tick();
  EXPECT_EQ(StateOf(job), JobState::kFailed);
}

TEST_F(FailureTest, FreeFailuresComeToAnEnd) {
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  for (int i = 0; i < kMostFreeFailures + kMostFailures; ++i) {
    EXPECT_EQ(StateOf(job), JobState::kRunning);
    ASSERT_TRUE(FailWith(a, MustLease(a), FailureClass::kStorageAway, "not mounted").ok());
  }
  engine_->Tick();
  EXPECT_EQ(StateOf(job), JobState::kFailed);
}

TEST_F(FailureTest, DeviceMemoryTakesAStepEachTimeAndThenCounts) {
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  for (int step = 0; step < kMostMemorySteps; ++step) {
    const TaskLease lease = MustLease(a);
    EXPECT_EQ(lease.spec.memory_step, step);
    ASSERT_TRUE(FailWith(a, lease, FailureClass::kDeviceMemory, "too little").ok());
    EXPECT_EQ(Task(job, lease.spec.task).failures, 0);
  }
  const TaskLease lease = MustLease(a);
  EXPECT_EQ(lease.spec.memory_step, kMostMemorySteps);
  ASSERT_TRUE(FailWith(a, lease, FailureClass::kDeviceMemory, "too little").ok());
  EXPECT_EQ(Task(job, lease.spec.task).failures, 1);
}

TEST_F(FailureTest, WorkersMayNotSayWhatTheCoordinatorDecides) {
  Submit(Settings());
  const FakeWorker a = NewWorker("a");
  const TaskLease lease = MustLease(a);
  for (const FailureClass failure : {FailureClass::kWorkerLost, FailureClass::kStalled}) {
    EXPECT_EQ(FailWith(a, lease, failure, "x").code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_TRUE(Complete(a, lease).ok());
}

TEST_F(FailureTest, ATaskThatLosesThreeWorkersIsPutAside) {
  const std::string job = Submit(Settings());
  for (int i = 0; i < kMostFailures; ++i) {
    EXPECT_EQ(StateOf(job), JobState::kRunning);
    Lose(NewWorker(absl::StrFormat("w%d", i)));
  }
  engine_->Tick();
  EXPECT_EQ(StateOf(job), JobState::kFailed);
}

TEST_F(FailureTest, WhereAllWorkersDieNoTaskIsBlamed) {
  cuts_ = {};
  const std::string job = Submit(Settings());
  const FakeWorker scanner = NewWorker("scanner");
  WorkUntil(scanner, TaskKind::kDepth);
  ASSERT_TRUE(engine_->Leave("scanner").ok());
  // Two workers die at two tasks, again and again.
  for (int i = 0; i < 6; ++i) {
    MustLease(NewWorker(absl::StrFormat("a%d", i)));
    Lose(NewWorker(absl::StrFormat("b%d", i)));
    EXPECT_EQ(Report(job).tasks.failed, 0) << i;
  }
  const FakeWorker good = NewWorker("good");
  Work(good);
  EXPECT_EQ(StateOf(job), JobState::kDone);
}

TEST_F(FailureTest, TheRestIsFinishedAndWhatIsMissingIsNamed) {
  cuts_ = {100};
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  std::string bad;
  int others = 0;
  while (const std::optional<TaskLease> lease = LeaseOf(a)) {
    if (lease->spec.kind == TaskKind::kRender && (bad.empty() || bad == lease->spec.task)) {
      bad = lease->spec.task;
      ASSERT_TRUE(FailWith(a, *lease, FailureClass::kRetryable, "crash").ok());
      continue;
    }
    ASSERT_TRUE(Complete(a, *lease).ok());
    ++others;
  }
  EXPECT_GT(others, 5);
  EXPECT_EQ(StateOf(job), JobState::kRunning);
  engine_->Tick();
  EXPECT_EQ(StateOf(job), JobState::kFailed);
  const JobReport report = Report(job);
  EXPECT_TRUE(absl::StrContains(report.job.error, "frames 0 to 49 are missing"))
      << report.job.error;
  EXPECT_TRUE(absl::StrContains(report.job.error, "crash")) << report.job.error;
  ASSERT_EQ(report.missing.size(), 1);
  EXPECT_EQ(report.missing[0].name, bad);
  // A retry does that, and only that.
  ASSERT_TRUE(engine_->Retry(job).ok());
  background_.RunAll();
  EXPECT_EQ(Work(a), 1);
  EXPECT_EQ(StateOf(job), JobState::kDone);
}

TEST_F(FailureTest, AWorkerThatFailsWhatOthersCanDoIsPutAside) {
  cuts_ = {};
  JobSettings settings = Settings();
  settings.shard_frames = 20;
  const std::string job = Submit(settings);
  const FakeWorker good = NewWorker("good");
  const FakeWorker bad = NewWorker("bad");
  ASSERT_TRUE(engine_->HandBack("good", AttemptOf(WorkUntil(good, TaskKind::kDepth))).ok());
  for (int i = 0; i < kMostBlame; ++i) {
    EXPECT_EQ(StateOfWorker("bad"), "idle");
    const TaskLease lease = MustLease(bad);
    ASSERT_TRUE(FailWith(bad, lease, FailureClass::kRetryable, "bad memory").ok());
    const TaskLease again = MustLease(good);
    ASSERT_EQ(again.spec.task, lease.spec.task);
    ASSERT_TRUE(Complete(good, again).ok());
  }
  EXPECT_EQ(StateOfWorker("bad"), "aside");
  EXPECT_FALSE(LeaseOf(bad).has_value());
  // That survives a restart and the worker's coming back.
  RestartFarm();
  ASSERT_TRUE(engine_->Register(bad.Record()).ok());
  EXPECT_FALSE(LeaseOf(bad).has_value());
  ASSERT_TRUE(engine_->ResumeWorker("host/bad").ok());
  EXPECT_TRUE(LeaseOf(bad).has_value());
}

TEST_F(FailureTest, GoodWorkWeighsAgainstBlame) {
  cuts_ = {};
  JobSettings settings = Settings();
  settings.shard_frames = 20;
  Submit(settings);
  const FakeWorker good = NewWorker("good");
  const FakeWorker fair = NewWorker("fair");
  ASSERT_TRUE(engine_->HandBack("good", AttemptOf(WorkUntil(good, TaskKind::kDepth))).ok());
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(FailWith(fair, MustLease(fair), FailureClass::kRetryable, "x").ok());
    ASSERT_TRUE(Complete(good, MustLease(good)).ok());
    ASSERT_TRUE(Complete(fair, MustLease(fair)).ok());
  }
  EXPECT_EQ(StateOfWorker("fair"), "idle");
}

TEST_F(FailureTest, ATaskWithoutProgressIsTakenAway) {
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  const TaskLease lease = MustLease(a);
  std::vector<AttemptRef> revoked;
  engine_->OnRevoked([&](const std::vector<AttemptRef>& attempts) { revoked = attempts; });
  const int64_t limit = StageSpeed().StallLimitMicros();
  for (int64_t time = 0; time <= limit; time += kLease / 2) {
    ASSERT_TRUE(engine_->Renew("a", AttemptOf(lease), 7, 240).ok());
    clock_.Advance(kLease / 2);
    engine_->Tick();
  }
  EXPECT_EQ(engine_->Renew("a", AttemptOf(lease), 7, 240).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Task(job, lease.spec.task).failures, 1);
  EXPECT_TRUE(absl::StrContains(Task(job, lease.spec.task).error, "no frame for"));
  ASSERT_EQ(revoked.size(), 1);
  EXPECT_EQ(revoked[0].lease_id, lease.lease_id);
  EXPECT_EQ(StateOfWorker("a"), "stopping");
}

TEST_F(FailureTest, ATaskThatGetsOnIsLeftAlone) {
  Submit(Settings());
  const FakeWorker a = NewWorker("a");
  const TaskLease lease = MustLease(a);
  const int64_t limit = StageSpeed().StallLimitMicros();
  for (int64_t time = 0; time <= 2 * limit; time += kLease / 2) {
    ASSERT_TRUE(engine_->Renew("a", AttemptOf(lease), time / kLease, 240).ok());
    clock_.Advance(kLease / 2);
    engine_->Tick();
  }
  EXPECT_TRUE(Complete(a, lease).ok());
}

class StragglerTest : public FailureTest {
 protected:
  StragglerTest() { cuts_ = {}; }
  // A film of one shot with twelve shards, of which one is held by `slow` and the others are done
  // in ten seconds each.
  TaskLease LeaveOneTo(const FakeWorker& slow, const FakeWorker& fast) {
    JobSettings settings = Settings();
    settings.shard_frames = 20;
    job_ = Submit(settings);
    EXPECT_TRUE(engine_->HandBack(fast.id(), AttemptOf(WorkUntil(fast, TaskKind::kDepth))).ok());
    const TaskLease held = MustLease(slow);
    for (int i = 0; i < 11; ++i) {
      const TaskLease lease = MustLease(fast);
      EXPECT_EQ(lease.spec.kind, TaskKind::kDepth);
      clock_.Advance(10 * kSecond);
      EXPECT_TRUE(engine_->Renew(slow.id(), AttemptOf(held), i + 1, 200).ok());
      EXPECT_TRUE(Complete(fast, lease).ok());
    }
    return held;
  }
  std::string job_;
};

TEST_F(StragglerTest, StartsAgainOnAnIdleWorkerAndTheFirstDoesntCount) {
  const FakeWorker slow = NewWorker("slow");
  const FakeWorker fast = NewWorker("fast");
  const TaskLease held = LeaveOneTo(slow, fast);
  EXPECT_FALSE(LeaseOf(fast).has_value());  // not looked for yet
  int woken = 0;
  engine_->OnWorkReady([&] { ++woken; });
  std::vector<AttemptRef> revoked;
  engine_->OnRevoked([&](const std::vector<AttemptRef>& attempts) { revoked = attempts; });
  engine_->Tick();
  EXPECT_EQ(woken, 1);
  EXPECT_TRUE(engine_->AnyTaskReady());
  const TaskLease again = MustLease(fast);
  EXPECT_EQ(again.spec.task, held.spec.task);
  EXPECT_EQ(again.epoch, held.epoch + 1);
  ASSERT_EQ(revoked.size(), 1);
  EXPECT_EQ(revoked[0].lease_id, held.lease_id);
  EXPECT_EQ(Complete(slow, held).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(Complete(fast, again).ok());
  EXPECT_EQ(Task(job_, held.spec.task).failures, 0);
  Work(fast);
  EXPECT_EQ(StateOf(job_), JobState::kDone);
}

TEST_F(StragglerTest, OneThatIsSlowEverywhereIsLeftToTheThirdWorker) {
  const FakeWorker slow = NewWorker("slow");
  const FakeWorker fast = NewWorker("fast");
  const FakeWorker third = NewWorker("third");
  TaskLease held = LeaveOneTo(slow, fast);
  for (const FakeWorker* next : {&fast, &third}) {
    engine_->Tick();
    const TaskLease again = MustLease(*next);
    EXPECT_EQ(again.spec.task, held.spec.task);
    held = again;
    for (int i = 0; i < 11; ++i) {
      clock_.Advance(10 * kSecond);
      ASSERT_TRUE(engine_->Renew(next->id(), AttemptOf(held), i + 1, 200).ok());
    }
  }
  engine_->Tick();
  EXPECT_FALSE(engine_->AnyTaskReady());
  EXPECT_FALSE(LeaseOf(slow).has_value());
  EXPECT_FALSE(LeaseOf(fast).has_value());
  EXPECT_TRUE(Complete(third, held).ok());
}

TEST_F(StragglerTest, OneThatIsNearlyThroughIsLeftAlone) {
  const FakeWorker slow = NewWorker("slow");
  const FakeWorker fast = NewWorker("fast");
  const TaskLease held = LeaveOneTo(slow, fast);
  ASSERT_TRUE(engine_->Renew("slow", AttemptOf(held), 190, 200).ok());
  engine_->Tick();
  EXPECT_FALSE(LeaseOf(fast).has_value());
  EXPECT_TRUE(Complete(slow, held).ok());
}

TEST_F(StragglerTest, OneWhoseInputIsBeingMadeAgainIsLeftAlone) {
  const FakeWorker slow = NewWorker("slow");
  const FakeWorker fast = NewWorker("fast");
  JobSettings settings = Settings();
  settings.shard_frames = 20;
  job_ = Submit(settings);
  ASSERT_TRUE(engine_->HandBack(fast.id(), AttemptOf(WorkUntil(fast, TaskKind::kRender))).ok());
  const TaskLease held = MustLease(slow);
  for (int i = 0; i < 11; ++i) {
    const TaskLease lease = MustLease(fast);
    clock_.Advance(10 * kSecond);
    ASSERT_TRUE(engine_->Renew(slow.id(), AttemptOf(held), i + 1, 200).ok());
    ASSERT_TRUE(Complete(fast, lease).ok());
  }
  engine_->Tick();
  ASSERT_TRUE(engine_->AnyTaskReady());
  ASSERT_TRUE(*store_->tasks().Move(job_, held.spec.depth.front().task, TaskState::kDone,
                                    TaskState::kSuperseded));
  EXPECT_FALSE(LeaseOf(fast).has_value());
  EXPECT_TRUE(Complete(slow, held).ok());
}

TEST_F(StragglerTest, AWorkerOfAnotherClassLeavesItAlone) {
  const FakeWorker slow = NewWorker("slow");
  const TaskLease held = LeaveOneTo(slow, NewWorker("fast"));
  engine_->Tick();
  EXPECT_FALSE(LeaseOf(NewWorker("other", "cpu-b")).has_value());
  EXPECT_TRUE(Complete(slow, held).ok());
}

TEST(StageSpeedTest, LimitsFollowWhatTasksTake) {
  StageSpeed speed;
  const int64_t first = speed.StallLimitMicros();
  EXPECT_EQ(speed.ExpectedMicros(100), 0);
  for (int i = 0; i < 10; ++i) speed.Add(100, 1'000'000'000);  // 10 s a frame
  EXPECT_EQ(speed.ExpectedMicros(100), 1'000'000'000);
  EXPECT_EQ(speed.TaskLimitMicros(100), 10'000'000'000);
  EXPECT_EQ(speed.StallLimitMicros(), 1'000'000'000);
  EXPECT_GT(speed.StallLimitMicros(), first);
  // Fast stages keep a limit that a busy disk doesn't exceed.
  StageSpeed fast;
  for (int i = 0; i < 10; ++i) fast.Add(100, 1000);
  EXPECT_EQ(fast.StallLimitMicros(), 120'000'000);
  EXPECT_EQ(fast.TaskLimitMicros(100), 600'000'000);
  // It forgets: a job's later shots may be slower.
  for (int i = 0; i < 100; ++i) fast.Add(100, 1'000'000'000);
  EXPECT_NEAR(static_cast<double>(fast.ExpectedMicros(100)), 1e9, 1e6);
}

}  // namespace
}  // namespace stereofarm
