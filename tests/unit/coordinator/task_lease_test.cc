#include <gtest/gtest.h>

#include <filesystem>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"
#include "proto/records.h"
#include "tests/unit/coordinator/farm_fixture.h"

namespace stereofarm {
namespace {

using TaskLeaseTest = FarmFixture;

constexpr auto kLost = absl::StatusCode::kFailedPrecondition;

TEST_F(TaskLeaseTest, UnknownWorkerMustRegister) {
  EXPECT_EQ(engine_->Lease("stranger").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(engine_->Renew("stranger", {"j", "t", 1, "x"}, 0, 0).status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(TaskLeaseTest, ExpiredLeaseReturnsTaskToQueue) {
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  const TaskLease lost = MustLease(a);
  const FakeWorker b = NewWorker("b");
  EXPECT_FALSE(LeaseOf(b).has_value());
  clock_.Advance(kLease - 1);
  engine_->Tick();
  EXPECT_EQ(Task(job, lost.spec.task).state, TaskState::kLeased);
  clock_.Advance(1);
  engine_->Tick();
  EXPECT_EQ(Task(job, lost.spec.task).state, TaskState::kReady);
  const TaskLease again = MustLease(b);
  EXPECT_EQ(again.spec.task, lost.spec.task);
  EXPECT_EQ(again.epoch, lost.epoch + 1);
  EXPECT_NE(again.lease_id, lost.lease_id);
  EXPECT_NE(again.attempt_directory, lost.attempt_directory);
}

TEST_F(TaskLeaseTest, WhatASilentWorkerHasFinishedIsTaken) {
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  const TaskLease lease = MustLease(a);
  a.Do(lease);  // and died before it could say so
  clock_.Advance(kLease + 1);
  engine_->Tick();
  const TaskRecord task = Task(job, lease.spec.task);
  EXPECT_EQ(task.state, TaskState::kDone);
  EXPECT_TRUE(task.published);
  EXPECT_EQ(task.failures, 0);
  // Its report, should it come after all, gets the same answer.
  EXPECT_TRUE(Complete(a, lease).ok());
  const FakeWorker b = NewWorker("b");
  Work(b);
  EXPECT_EQ(StateOf(job), JobState::kDone);
}

TEST_F(TaskLeaseTest, WhatASilentWorkerLeftDamagedIsMadeAgain) {
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  const TaskLease lease = MustLease(a);
  a.Do(lease);
  ASSERT_TRUE(
      WriteFileAtomically(store_folder_ / lease.attempt_directory / "features.bin", "x").ok());
  clock_.Advance(kLease + 1);
  engine_->Tick();
  EXPECT_EQ(Task(job, lease.spec.task).state, TaskState::kReady);
  EXPECT_EQ(Task(job, lease.spec.task).failures, 1);
  Work(NewWorker("b"));
  EXPECT_EQ(StateOf(job), JobState::kDone);
}

TEST_F(TaskLeaseTest, RenewedLeaseStays) {
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  const TaskLease lease = MustLease(a);
  for (int i = 0; i < 10; ++i) {
    clock_.Advance(kLease / 2);
    engine_->Tick();
    ASSERT_EQ(*engine_->Renew("a", AttemptOf(lease), i, 10), kLease);
  }
  EXPECT_EQ(Report(job).stages[1].frames_done, 240 * 9 / 10);
  EXPECT_TRUE(Complete(a, lease).ok());
}

TEST_F(TaskLeaseTest, ZombiesResultIsRefused) {
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  const FakeWorker b = NewWorker("b");
  const TaskLease zombie = MustLease(a);
  clock_.Advance(kLease + 1);
  engine_->Tick();
  const TaskLease winner = MustLease(b);
  ASSERT_EQ(winner.spec.task, zombie.spec.task);
  EXPECT_EQ(Complete(a, zombie).code(), kLost);
  EXPECT_EQ(engine_->Renew("a", AttemptOf(zombie), 1, 2).status().code(), kLost);
  EXPECT_EQ(FailWith(a, zombie, FailureClass::kRetryable, "x").code(), kLost);
  EXPECT_EQ(engine_->HandBack("a", AttemptOf(zombie)).code(), kLost);
  EXPECT_TRUE(Complete(b, winner).ok());
  EXPECT_EQ(Complete(a, zombie).code(), kLost);
  EXPECT_EQ(Task(job, winner.spec.task).committed_directory, winner.attempt_directory);
  EXPECT_FALSE(std::filesystem::exists(store_folder_ / zombie.attempt_directory / kCommittedFile));
}

TEST_F(TaskLeaseTest, RightEpochWithAnotherIdIsRefused) {
  Submit(Settings());
  const FakeWorker a = NewWorker("a");
  TaskLease lease = MustLease(a);
  const TaskLease right = lease;
  lease.lease_id = "0123456789abcdef";
  EXPECT_EQ(Complete(a, lease).code(), kLost);
  EXPECT_TRUE(Complete(a, right).ok());
}

TEST_F(TaskLeaseTest, AnotherWorkersLeaseCantBeUsed) {
  Submit(Settings());
  const FakeWorker a = NewWorker("a");
  const FakeWorker b = NewWorker("b");
  const TaskLease lease = MustLease(a);
  EXPECT_EQ(engine_->Renew("b", AttemptOf(lease), 0, 0).status().code(), kLost);
  EXPECT_EQ(Complete(b, lease).code(), kLost);
}

TEST_F(TaskLeaseTest, CompletingTwiceIsFine) {
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  const TaskLease lease = MustLease(a);
  ASSERT_TRUE(Complete(a, lease).ok());
  EXPECT_TRUE(engine_->Complete("a", AttemptOf(lease), Manifest(), 1).ok());
  EXPECT_EQ(Report(job).tasks.run, 1);
}

TEST_F(TaskLeaseTest, CommittedManifestStandsBesideTheWorkers) {
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  const TaskLease lease = MustLease(a);
  const Manifest manifest = a.Do(lease);
  const auto file = store_folder_ / lease.attempt_directory / kCommittedFile;
  EXPECT_FALSE(std::filesystem::exists(file));
  ASSERT_TRUE(engine_->Complete("a", AttemptOf(lease), manifest, 1).ok());
  EXPECT_EQ(*ReadManifest(file), manifest);
}

TEST_F(TaskLeaseTest, ResultWithOtherContentThanItsManifestIsRefused) {
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  const TaskLease lease = MustLease(a);
  const Manifest manifest = a.Do(lease);
  ASSERT_TRUE(
      WriteFileAtomically(store_folder_ / lease.attempt_directory / "features.bin", "else").ok());
  EXPECT_EQ(engine_->Complete("a", AttemptOf(lease), manifest, 1).code(),
            absl::StatusCode::kDataLoss);
  EXPECT_EQ(Task(job, lease.spec.task).state, TaskState::kReady);
  EXPECT_EQ(Task(job, lease.spec.task).failures, 1);
}

TEST_F(TaskLeaseTest, ManifestMustFitTheLease) {
  Submit(Settings());
  const FakeWorker a = NewWorker("a");
  const auto complete_with = [&](void (*spoil)(Manifest*)) {
    const TaskLease lease = MustLease(a);
    Manifest manifest = a.Do(lease);
    spoil(&manifest);
    const absl::StatusCode code = engine_->Complete("a", AttemptOf(lease), manifest, 1).code();
    return code;
  };
  EXPECT_EQ(complete_with([](Manifest* m) { m->stage_key = "other"; }),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(complete_with([](Manifest* m) { m->files.clear(); }),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(TaskLeaseTest, SegmentMustHaveAFrameForEachOfItsCore) {
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  const TaskLease lease = WorkUntil(a, TaskKind::kRender);
  Manifest manifest = a.Do(lease);
  const auto folder = store_folder_ / lease.attempt_directory;
  ASSERT_TRUE(WriteFileAtomically(folder / "segment.0.mov", "7 frames").ok());
  manifest.files = {*DescribeFile(folder, "segment.0.mov")};
  EXPECT_EQ(engine_->Complete("a", AttemptOf(lease), manifest, 1).code(),
            absl::StatusCode::kDataLoss);
}

TEST_F(TaskLeaseTest, HandingBackCostsNoAttempt) {
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  for (int i = 0; i < 5; ++i) {
    const TaskLease lease = MustLease(a);
    ASSERT_TRUE(engine_->HandBack("a", AttemptOf(lease)).ok());
    EXPECT_EQ(Task(job, lease.spec.task).failures, 0);
  }
  EXPECT_EQ(StateOf(job), JobState::kRunning);
}

TEST_F(TaskLeaseTest, LeavingHandsEverythingBack) {
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  const TaskLease lease = MustLease(a);
  ASSERT_TRUE(engine_->Leave("a").ok());
  EXPECT_EQ(Task(job, lease.spec.task).state, TaskState::kReady);
  EXPECT_EQ(engine_->Lease("a").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(TaskLeaseTest, ThirdFailureEndsAJobThatHasNothingElseWithLastErrorAndLog) {
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  TaskLease lease;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(StateOf(job), JobState::kRunning);
    lease = MustLease(a);
    ASSERT_TRUE(FailWith(a, lease, FailureClass::kRetryable, absl::StrFormat("crash %d", i)).ok());
  }
  EXPECT_EQ(Task(job, lease.spec.task).state, TaskState::kFailed);
  engine_->Tick();
  EXPECT_EQ(StateOf(job), JobState::kFailed);
  const std::string error = Report(job).job.error;
  EXPECT_NE(error.find("crash 2"), std::string::npos) << error;
  EXPECT_NE(error.find("host/a"), std::string::npos) << error;
  EXPECT_NE(error.find((store_folder_ / lease.log_file).string()), std::string::npos) << error;
  EXPECT_FALSE(LeaseOf(a).has_value());
}

TEST_F(TaskLeaseTest, PermanentFailureFailsTheJobAtOnce) {
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  ASSERT_TRUE(FailWith(a, MustLease(a), FailureClass::kPermanent, "the film is encrypted").ok());
  EXPECT_EQ(StateOf(job), JobState::kFailed);
  EXPECT_EQ(Report(job).job.error, "the film is encrypted");
}

TEST_F(TaskLeaseTest, ExpiryCountsAsAFailure) {
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  for (int i = 0; i < 3; ++i) {
    MustLease(a);
    clock_.Advance(kLease + 1);
    engine_->Tick();
  }
  EXPECT_EQ(StateOf(job), JobState::kFailed);
  EXPECT_NE(Report(job).job.error.find("silent"), std::string::npos);
}

TEST_F(TaskLeaseTest, FailedTaskGoesToAnotherWorker) {
  Submit(Settings());
  const FakeWorker a = NewWorker("a");
  const FakeWorker b = NewWorker("b");
  const TaskLease lease = MustLease(a);
  ASSERT_TRUE(FailWith(a, lease, FailureClass::kRetryable, "x").ok());
  EXPECT_FALSE(LeaseOf(a).has_value());
  EXPECT_EQ(MustLease(b).spec.task, lease.spec.task);
}

TEST_F(TaskLeaseTest, FailedTaskComesBackWhenNobodyElseIsThere) {
  Submit(Settings());
  const FakeWorker a = NewWorker("a");
  const FakeWorker b = NewWorker("b");
  const TaskLease lease = MustLease(a);
  ASSERT_TRUE(FailWith(a, lease, FailureClass::kRetryable, "x").ok());
  ASSERT_TRUE(engine_->Leave("b").ok());
  EXPECT_EQ(MustLease(a).spec.task, lease.spec.task);
}

TEST_F(TaskLeaseTest, SilentWorkerIsLostUntilItSpeaks) {
  NewWorker("a");
  EXPECT_EQ(engine_->Workers()[0].state, "idle");
  clock_.Advance(3 * kLease + 1);
  engine_->Tick();
  EXPECT_EQ(engine_->Workers()[0].state, "lost");
  ASSERT_TRUE(engine_->Lease("a").ok());
  EXPECT_EQ(engine_->Workers()[0].state, "idle");
}

TEST_F(TaskLeaseTest, WorkersOfOneClassDoAShot) {
  cuts_ = {};
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a", "cpu-a");
  const FakeWorker b = NewWorker("b", "cpu-b");
  const TaskLease first = WorkUntil(a, TaskKind::kDepth);
  EXPECT_FALSE(LeaseOf(b).has_value());
  EXPECT_TRUE(LeaseOf(NewWorker("c", "cpu-a")).has_value());
  EXPECT_TRUE(Complete(a, first).ok());
  EXPECT_FALSE(LeaseOf(b).has_value());
}

TEST_F(TaskLeaseTest, ShotWithoutResultsIsFreeForAnotherClassAgain) {
  cuts_ = {};
  Submit(Settings());
  const FakeWorker a = NewWorker("a", "cpu-a");
  const FakeWorker b = NewWorker("b", "cpu-b");
  const TaskLease lease = WorkUntil(a, TaskKind::kDepth);
  ASSERT_TRUE(engine_->HandBack("a", AttemptOf(lease)).ok());
  EXPECT_EQ(MustLease(b).spec.task, lease.spec.task);
}

TEST_F(TaskLeaseTest, ShotWithLaterResultsKeepsItsClassThoughItsDepthIsMadeAgain) {
  cuts_ = {};
  JobSettings settings = Settings();
  settings.exr = ExrMode::kAll;
  settings.shard_frames = 240;
  const std::string job = Submit(settings);
  const FakeWorker a = NewWorker("a", "cpu-a");
  const FakeWorker b = NewWorker("b", "cpu-b");
  const TaskLease inpaint = WorkUntil(a, TaskKind::kInpaint);
  ASSERT_TRUE(Complete(a, inpaint).ok());
  const TaskLease encode = MustLease(a);
  ASSERT_EQ(encode.spec.kind, TaskKind::kEncode);
  // The depth that it reads turns out damaged, and the worker that makes it again gives up.
  const std::string depth = encode.spec.depth[0].directory;
  ASSERT_TRUE(WriteFileAtomically(store_folder_ / depth / "samples.bin", "x").ok());
  ASSERT_TRUE(
      FailWith(a, encode, FailureClass::kInputDamaged, "x", encode.spec.depth[0].task).ok());
  const TaskLease again = MustLease(a);
  ASSERT_EQ(again.spec.kind, TaskKind::kDepth);
  ASSERT_TRUE(engine_->HandBack("a", AttemptOf(again)).ok());
  EXPECT_FALSE(LeaseOf(b).has_value());
  Work(a);
  EXPECT_EQ(StateOf(job), JobState::kDone);
  EXPECT_EQ(Task(job, inpaint.spec.task).epoch, inpaint.epoch);
}

TEST_F(TaskLeaseTest, ShotWhoseClassIsGoneBeginsAgain) {
  cuts_ = {};
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a", "cpu-a");
  const TaskLease depth = WorkUntil(a, TaskKind::kDepth);
  ASSERT_TRUE(Complete(a, depth).ok());
  ASSERT_TRUE(engine_->Leave("a").ok());
  const FakeWorker b = NewWorker("b", "cpu-b");
  EXPECT_FALSE(LeaseOf(b).has_value());
  clock_.Advance(kGrace + 1);
  ASSERT_TRUE(engine_->Lease("b").ok());
  engine_->Tick();
  EXPECT_EQ(Task(job, depth.spec.task).state, TaskState::kReady);
  Work(b);
  EXPECT_EQ(StateOf(job), JobState::kDone);
}

TEST_F(TaskLeaseTest, AShotDoesntBeginAgainUnderADrainedWorkersHands) {
  cuts_ = {};
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a", "cpu-a");
  const TaskLease depth = WorkUntil(a, TaskKind::kDepth);
  ASSERT_TRUE(engine_->Drain("a", /*now=*/false).ok());
  const FakeWorker b = NewWorker("b", "cpu-b");
  for (int64_t waited = 0; waited <= 2 * kGrace; waited += kLease / 2) {
    clock_.Advance(kLease / 2);
    EXPECT_TRUE(engine_->Renew("a", AttemptOf(depth), 1, 2).ok());
    ASSERT_TRUE(engine_->Lease("b").ok());
    engine_->Tick();
    ASSERT_EQ(Task(job, depth.spec.task).state, TaskState::kLeased);
  }
  EXPECT_TRUE(Complete(a, depth).ok());
  clock_.Advance(kGrace);
  ASSERT_TRUE(engine_->Lease("b").ok());
  engine_->Tick();
  EXPECT_EQ(Task(job, depth.spec.task).state, TaskState::kReady);
  Work(b);
  EXPECT_EQ(StateOf(job), JobState::kDone);
}

TEST_F(TaskLeaseTest, RunningTaskGoesOnAfterARestart) {
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  const TaskLease lease = MustLease(a);
  RestartFarm();
  clock_.Advance(kGrace - 1);
  engine_->Tick();
  EXPECT_TRUE(engine_->Renew("a", AttemptOf(lease), 1, 2).ok());
  clock_.Advance(kLease - 1);
  engine_->Tick();
  EXPECT_TRUE(Complete(a, lease).ok());
  Work(a);
  EXPECT_EQ(StateOf(job), JobState::kDone);
}

TEST_F(TaskLeaseTest, RunningTaskThatDoesntComeBackIsFreeAfterTheGrace) {
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  const TaskLease lease = MustLease(a);
  RestartFarm();
  clock_.Advance(kGrace + 1);
  engine_->Tick();
  EXPECT_EQ(Task(job, lease.spec.task).state, TaskState::kReady);
  EXPECT_EQ(Task(job, lease.spec.task).failures, 0);
  EXPECT_EQ(engine_->Renew("a", AttemptOf(lease), 1, 2).status().code(), kLost);
}

TEST_F(TaskLeaseTest, GraceIsAtLeastALease) {
  options_.grace_micros = kSecond;
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  const TaskLease lease = MustLease(a);
  // The worker counts from the moment that the lease was given.
  RestartFarm();
  clock_.Advance(kLease - 1);
  engine_->Tick();
  EXPECT_EQ(Task(job, lease.spec.task).state, TaskState::kLeased);
  clock_.Advance(1);
  engine_->Tick();
  EXPECT_EQ(Task(job, lease.spec.task).state, TaskState::kReady);
}

TEST_F(TaskLeaseTest, ReadyTasksAreHandedOutDuringTheGrace) {
  films_.SetFilm(1200, "film");
  Submit(Settings());
  const FakeWorker a = NewWorker("a");
  const TaskLease running = MustLease(a);
  RestartFarm();
  const FakeWorker b = NewWorker("b");
  const TaskLease other = MustLease(b);
  EXPECT_NE(other.spec.task, running.spec.task);
}

TEST_F(TaskLeaseTest, PrivateFarmsLeasesEndAtOnceWhenItRestarts) {
  options_.is_private = true;
  StartFarm();
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  const TaskLease lease = MustLease(a);
  RestartFarm();
  EXPECT_EQ(engine_->Lease("a").status().code(), absl::StatusCode::kNotFound);
  const FakeWorker b = NewWorker("b");
  EXPECT_EQ(MustLease(b).spec.task, lease.spec.task);
  EXPECT_EQ(Task(job, lease.spec.task).failures, 0);
}

TEST_F(TaskLeaseTest, AWorkerIsSpokenForByTheCertificateThatRegisteredIt) {
  WorkerRecord record = NewWorker("w").Record();
  // It registered when the farm didn't know its callers.
  EXPECT_TRUE(engine_->CheckSpeaksFor("", "w").ok());
  EXPECT_EQ(engine_->CheckSpeaksFor("node7", "w").code(), absl::StatusCode::kNotFound);
  record.certificate = "node7";
  ASSERT_TRUE(engine_->Register(record).ok());
  for (int restart = 0; restart < 2; ++restart) {
    EXPECT_TRUE(engine_->CheckSpeaksFor("node7", "w").ok());
    EXPECT_EQ(engine_->CheckSpeaksFor("node8", "w").code(), absl::StatusCode::kPermissionDenied);
    EXPECT_TRUE(engine_->CheckSpeaksFor("node8", "another").ok());
    record.certificate = "node8";
    EXPECT_EQ(engine_->Register(record).code(), absl::StatusCode::kPermissionDenied);
    RestartFarm();
  }
  ASSERT_TRUE(engine_->Leave("w").ok());
  EXPECT_TRUE(engine_->Register(record).ok());
  EXPECT_EQ(engine_->CheckSpeaksFor("node7", "w").code(), absl::StatusCode::kPermissionDenied);
}

}  // namespace
}  // namespace stereofarm
