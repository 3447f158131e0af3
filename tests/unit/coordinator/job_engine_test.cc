#include "coordinator/scheduling/job_engine.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "absl/strings/match.h"
#include "common/base/file_system.h"
#include "tests/unit/coordinator/farm_fixture.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

using JobEngineTest = FarmFixture;

int CountLines(const std::string& text) {
  return static_cast<int>(std::count(text.begin(), text.end(), '\n'));
}

TEST_F(JobEngineTest, AFilmGoesAllTheWay) {
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  // One scan, shots 0-100 and 100-240, 2 + 3 shards of depth and render.
  EXPECT_EQ(Work(a), 1 + 5 + 5);
  const JobReport report = Report(job);
  EXPECT_EQ(report.job.state, JobState::kDone);
  EXPECT_EQ(report.job.range, (FrameRange{0, 240}));
  ASSERT_EQ(report.shots.size(), 2);
  EXPECT_EQ(report.shots[1].frames, (FrameRange{100, 240}));
  EXPECT_EQ(report.shots[1].state, ShotState::kReconciled);
  EXPECT_EQ(report.seams.size(), 1 + 2);
  EXPECT_EQ(report.tasks.run, 11);
  EXPECT_EQ(report.tasks.reused, 0);
  EXPECT_EQ(report.tasks.done, 11);
  EXPECT_EQ(report.remarks, (std::vector<std::string>{"a track was left out"}));
  EXPECT_EQ(CountLines(FilmText()), 1 + 5);
  for (const StageReport& stage : report.stages) {
    EXPECT_EQ(stage.frames_done, stage.frames_total) << stage.stage;
  }
}

TEST_F(JobEngineTest, RenderIsToldTheDepthOfItsNeighbours) {
  Submit(Settings());
  const FakeWorker a = NewWorker("a");
  std::vector<TaskLease> renders;
  while (const auto lease = LeaseOf(a)) {
    if (lease->spec.kind == TaskKind::kRender) renders.push_back(*lease);
    ASSERT_TRUE(Complete(a, *lease).ok());
  }
  ASSERT_EQ(renders.size(), 5);
  // 100-240 in three: the middle one has neighbours on both sides, none is of the other shot.
  const TaskSpec& middle = renders[3].spec;
  ASSERT_EQ(middle.depth.size(), 3);
  EXPECT_EQ(middle.depth[1].shard, middle.shard);
  EXPECT_EQ(middle.depth[0].shard.core.end, middle.shard.core.begin);
  EXPECT_TRUE(absl::StartsWith(middle.depth[0].directory, "jobs/"));
  EXPECT_LT(middle.depth_low, middle.depth_high);
  EXPECT_EQ(renders[0].spec.depth.size(), 2);
}

TEST_F(JobEngineTest, FinishedShotsRenderBeforeLaterOnesAreDone) {
  Submit(Settings());
  const FakeWorker a = NewWorker("a");
  std::vector<TaskKind> order;
  while (const auto lease = LeaseOf(a)) {
    order.push_back(lease->spec.kind);
    ASSERT_TRUE(Complete(a, *lease).ok());
  }
  using T = TaskKind;
  EXPECT_EQ(order, (std::vector<TaskKind>{T::kScan, T::kDepth, T::kDepth, T::kRender, T::kRender,
                                          T::kDepth, T::kDepth, T::kDepth, T::kRender, T::kRender,
                                          T::kRender}));
}

TEST_F(JobEngineTest, DepthBeginsWhileTheFilmIsStillScanned) {
  films_.SetFilm(3000, "film");
  cuts_ = {100, 200};
  Submit(Settings());
  const FakeWorker a = NewWorker("a");
  EXPECT_EQ(MustLease(a).spec.kind, TaskKind::kScan);
  const FakeWorker b = NewWorker("b");
  ASSERT_TRUE(Complete(b, MustLease(b)).ok());
  // The first range is still out: nothing before it is known, so scanning goes on.
  EXPECT_EQ(MustLease(b).spec.kind, TaskKind::kScan);
  const FakeWorker c = NewWorker("c");
  EXPECT_EQ(MustLease(c).spec.kind, TaskKind::kScan);
}

TEST_F(JobEngineTest, FirstShotsDepthComesAfterTheFirstScan) {
  films_.SetFilm(3000, "film");
  cuts_ = {100, 200};
  Submit(Settings());
  const FakeWorker a = NewWorker("a");
  ASSERT_TRUE(Complete(a, MustLease(a)).ok());
  EXPECT_EQ(MustLease(a).spec.task, "depth/000000-000050");
}

TEST_F(JobEngineTest, ExrAllMakesEveryStageATask) {
  JobSettings settings = Settings();
  settings.exr = ExrMode::kAll;
  const std::string job = Submit(settings);
  const FakeWorker a = NewWorker("a");
  const TaskLease inpaint = WorkUntil(a, TaskKind::kInpaint);
  EXPECT_EQ(inpaint.spec.warp_task, "warp/" + inpaint.spec.shard.Name());
  EXPECT_TRUE(fs::exists(store_folder_ / inpaint.spec.warp_directory / kCommittedFile));
  ASSERT_TRUE(Complete(a, inpaint).ok());
  const TaskLease encode = WorkUntil(a, TaskKind::kEncode);
  EXPECT_FALSE(encode.spec.warp_directory.empty());
  EXPECT_FALSE(encode.spec.inpaint_directory.empty());
  EXPECT_FALSE(encode.spec.depth.empty());
  ASSERT_TRUE(Complete(a, encode).ok());
  Work(a);
  EXPECT_EQ(StateOf(job), JobState::kDone);
  EXPECT_EQ(Report(job).tasks.run, 1 + 4 * 5);
}

TEST_F(JobEngineTest, RangeMakesAPartOfTheFilm) {
  JobSettings settings = Settings();
  settings.range = FrameRange{90, 150};
  const std::string job = Submit(settings);
  const FakeWorker a = NewWorker("a");
  Work(a);
  const JobReport report = Report(job);
  EXPECT_EQ(report.job.state, JobState::kDone);
  ASSERT_EQ(report.shots.size(), 2);
  EXPECT_EQ(report.shots[0].frames, (FrameRange{90, 100}));
  EXPECT_EQ(report.shots[1].frames, (FrameRange{100, 150}));
}

TEST_F(JobEngineTest, RangeBehindTheFilmIsRefused) {
  JobSettings settings = Settings();
  settings.range = FrameRange{240, 300};
  const auto result = engine_->Submit({settings, false, false});
  EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(absl::StrContains(std::string(result.status().message()), "240 frames"));
}

TEST_F(JobEngineTest, SeveralOutputsAreAllMade) {
  JobSettings settings = Settings();
  const std::string also = (root_ / "films" / "ana.mp4").string();
  settings.outputs.push_back({Layout::kAnaglyph, also});
  Submit(settings);
  Work(NewWorker("a"));
  EXPECT_TRUE(fs::exists(Output()));
  EXPECT_TRUE(fs::exists(also));
}

TEST_F(JobEngineTest, IntermediatesGoWithTheJob) {
  const std::string job = Submit(Settings());
  Work(NewWorker("a"));
  EXPECT_TRUE(files_->AttemptsOf(job)->empty());
  // What the job was is known for good.
  std::vector<std::string> left;
  for (const auto& entry : fs::directory_iterator(store_folder_ / "jobs" / job)) {
    left.push_back(entry.path().filename());
  }
  EXPECT_EQ(left, std::vector<std::string>{"job.pb"});
}

TEST_F(JobEngineTest, KeepKeepsResultsButNotLostAttempts) {
  JobSettings settings = Settings();
  settings.keep = true;
  const std::string job = Submit(settings);
  const FakeWorker a = NewWorker("a");
  const TaskLease zombie = MustLease(a);
  clock_.Advance(kLease + 1);
  engine_->Tick();
  a.Do(zombie);
  Work(a);
  ASSERT_EQ(StateOf(job), JobState::kDone);
  EXPECT_EQ(files_->AttemptsOf(job)->size(), 11);
  EXPECT_FALSE(fs::exists(store_folder_ / zombie.attempt_directory));
}

TEST_F(JobEngineTest, SegmentsLieWhereTheDesignSays) {
  const std::string job = Submit(Settings());
  const TaskLease render = WorkUntil(NewWorker("a"), TaskKind::kRender);
  EXPECT_TRUE(absl::StartsWith(render.attempt_directory,
                               "jobs/" + job + "/segments/" + render.spec.shard.Name() + "/e1-"))
      << render.attempt_directory;
}

TEST_F(JobEngineTest, FailedAssemblyFailsTheJobWithItsSentence) {
  const std::string job = Submit(Settings());
  films_.SetAssembleError(absl::InternalError("the muxer broke"));
  Work(NewWorker("a"));
  EXPECT_EQ(StateOf(job), JobState::kFailed);
  EXPECT_EQ(Report(job).job.error, "the muxer broke");
  films_.SetAssembleError(absl::OkStatus());
  ASSERT_TRUE(engine_->Retry(job).ok());
  background_.RunAll();
  EXPECT_EQ(StateOf(job), JobState::kDone);
  EXPECT_EQ(Report(job).tasks.run, 0);
  EXPECT_EQ(Report(job).tasks.reused, 11);
}

TEST_F(JobEngineTest, UnreadableFilmFailsTheJob) {
  films_.SetIndexError(absl::InvalidArgumentError("in.mov has no frames"));
  const std::string job = Submit(Settings());
  EXPECT_EQ(StateOf(job), JobState::kFailed);
  EXPECT_EQ(Report(job).job.error, "in.mov has no frames");
}

// ---- damage ----------------------------------------------------------------------------------

TEST_F(JobEngineTest, DamagedInputRunsItsProducerAgain) {
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  const TaskLease render = WorkUntil(a, TaskKind::kRender);
  const DepthSource& depth = render.spec.depth[0];
  ASSERT_TRUE(
      WriteFileAtomically(store_folder_ / depth.directory / "depth.000000.exr", "rot").ok());
  ASSERT_TRUE(FailWith(a, render, FailureClass::kInputDamaged, "bad depth", depth.task).ok());
  EXPECT_EQ(Task(job, depth.task).state, TaskState::kReady);
  EXPECT_EQ(Task(job, render.spec.task).state, TaskState::kWaiting);
  EXPECT_EQ(Task(job, render.spec.task).failures, 0);
  // The second render of the shot reads the same depth: it waits too.
  const TaskLease again = MustLease(a);
  EXPECT_EQ(again.spec.task, depth.task);
  EXPECT_EQ(Task(job, "render/000050-000100").state, TaskState::kWaiting);
  ASSERT_TRUE(Complete(a, again).ok());
  const TaskLease second = MustLease(a);
  EXPECT_EQ(second.spec.task, render.spec.task);
  EXPECT_EQ(second.spec.stage_basis, render.spec.stage_basis);
  EXPECT_EQ(second.spec.depth[0].directory, again.attempt_directory);
  ASSERT_TRUE(Complete(a, second).ok());
  Work(a);
  EXPECT_EQ(StateOf(job), JobState::kDone);
}

TEST_F(JobEngineTest, SoundInputThatOneWorkerCantReadIsThatWorkersFailure) {
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  const TaskLease render = WorkUntil(a, TaskKind::kRender);
  ASSERT_TRUE(
      FailWith(a, render, FailureClass::kInputDamaged, "bad", render.spec.depth[0].task).ok());
  EXPECT_EQ(Task(job, render.spec.depth[0].task).state, TaskState::kDone);
  EXPECT_EQ(Task(job, render.spec.task).failures, 1);
  EXPECT_EQ(Task(job, render.spec.task).state, TaskState::kReady);
}

TEST_F(JobEngineTest, ResultThatIsDamagedThriceFailsTheJob) {
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  for (int i = 0; i < 3; ++i) {
    const TaskLease render = WorkUntil(a, TaskKind::kRender);
    const DepthSource& depth = render.spec.depth[0];
    ASSERT_TRUE(
        WriteFileAtomically(store_folder_ / depth.directory / "depth.000000.exr", "rot").ok());
    ASSERT_TRUE(FailWith(a, render, FailureClass::kInputDamaged, "bad", depth.task).ok());
  }
  EXPECT_EQ(StateOf(job), JobState::kFailed);
  EXPECT_TRUE(absl::StrContains(Report(job).job.error, "damaged 3 times"));
}

TEST_F(JobEngineTest, FailuresBeforeAResultAreNoDamageOfIt) {
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  const FakeWorker b = NewWorker("b");
  const TaskLease scan = MustLease(a);
  ASSERT_TRUE(FailWith(a, scan, FailureClass::kRetryable, "crashed").ok());
  ASSERT_TRUE(FailWith(b, MustLease(b), FailureClass::kRetryable, "crashed").ok());
  ASSERT_EQ(Task(job, scan.spec.task).failures, 2);
  const TaskLease last = MustLease(a);
  ASSERT_TRUE(Complete(a, last).ok());
  for (const auto& file :
       std::filesystem::directory_iterator(store_folder_ / last.attempt_directory)) {
    if (file.path().extension() != ".bin") continue;
    ASSERT_TRUE(WriteFileAtomically(file, "rot").ok());
  }
  Work(a);
  EXPECT_EQ(StateOf(job), JobState::kDone);
  EXPECT_EQ(Task(job, scan.spec.task).damages, 1);
}

TEST_F(JobEngineTest, DamagedSegmentIsRenderedAgainBeforeAssembly) {
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  std::string segment;
  while (const auto lease = LeaseOf(a)) {
    ASSERT_TRUE(Complete(a, *lease).ok());
    if (lease->spec.kind == TaskKind::kRender) segment = lease->attempt_directory;
    if (StateOf(job) == JobState::kAssembling) break;
  }
  ASSERT_EQ(StateOf(job), JobState::kAssembling);
  ASSERT_TRUE(WriteFileAtomically(store_folder_ / segment / "segment.0.mov", "rot").ok());
  background_.RunAll();
  EXPECT_EQ(StateOf(job), JobState::kRunning);
  EXPECT_EQ(Work(a), 1);
  EXPECT_EQ(StateOf(job), JobState::kDone);
}

TEST_F(JobEngineTest, DamagedSamplesRunTheirDepthAgain) {
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  const TaskLease first = WorkUntil(a, TaskKind::kDepth);
  ASSERT_TRUE(Complete(a, first).ok());
  ASSERT_TRUE(
      WriteFileAtomically(store_folder_ / first.attempt_directory / "samples.bin", "rot").ok());
  ASSERT_TRUE(Complete(a, MustLease(a)).ok());
  background_.RunAll();
  EXPECT_EQ(Task(job, first.spec.task).state, TaskState::kReady);
  Work(a);
  EXPECT_EQ(StateOf(job), JobState::kDone);
}

TEST_F(JobEngineTest, DamagedScanRunsAgain) {
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  const TaskLease scan = MustLease(a);
  ASSERT_TRUE(Complete(a, scan).ok());
  ASSERT_TRUE(
      WriteFileAtomically(store_folder_ / scan.attempt_directory / "features.bin", "rot").ok());
  EXPECT_EQ(MustLease(a).spec.task, scan.spec.task);
}

TEST_F(JobEngineTest, DamagedScanRunsAgainOnAnyClassOfWorkers) {
  Submit(Settings());
  const FakeWorker a = NewWorker("a", "cpu-a");
  const TaskLease scan = MustLease(a);
  ASSERT_TRUE(Complete(a, scan).ok());
  ASSERT_TRUE(engine_->Leave("a").ok());
  ASSERT_TRUE(
      WriteFileAtomically(store_folder_ / scan.attempt_directory / "features.bin", "rot").ok());
  const FakeWorker b = NewWorker("b", "cpu-b");
  EXPECT_EQ(MustLease(b).spec.task, scan.spec.task);
}

// ---- cancel and retry --------------------------------------------------------------------------

TEST_F(JobEngineTest, CancelledJobsWorkersAreToldAtTheirNextWord) {
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  const TaskLease lease = MustLease(a);
  ASSERT_TRUE(engine_->Cancel(job).ok());
  EXPECT_EQ(engine_->Renew("a", AttemptOf(lease), 0, 0).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(StateOf(job), JobState::kCancelled);
  EXPECT_EQ(Task(job, lease.spec.task).state, TaskState::kCancelled);
  EXPECT_FALSE(LeaseOf(a).has_value());
  EXPECT_TRUE(engine_->Cancel(job).ok());
  EXPECT_EQ(engine_->Cancel("nobody").code(), absl::StatusCode::kNotFound);
}

TEST_F(JobEngineTest, RetriedJobKeepsWhatIsCommitted) {
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  WorkUntil(a, TaskKind::kRender);
  ASSERT_TRUE(engine_->Cancel(job).ok());
  ASSERT_TRUE(engine_->Retry(job).ok());
  Work(a);
  EXPECT_EQ(StateOf(job), JobState::kDone);
  EXPECT_EQ(Report(job).tasks.reused, 1 + 2);
  EXPECT_EQ(Report(job).tasks.run, 11 - 3);
}

TEST_F(JobEngineTest, RetriedJobsFailedTaskHasAllItsAttemptsAgain) {
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(FailWith(a, MustLease(a), FailureClass::kRetryable, "x").ok());
  }
  engine_->Tick();
  ASSERT_EQ(StateOf(job), JobState::kFailed);
  ASSERT_TRUE(engine_->Retry(job).ok());
  EXPECT_EQ(Report(job).job.error, "");
  ASSERT_TRUE(FailWith(a, MustLease(a), FailureClass::kRetryable, "x").ok());
  EXPECT_EQ(StateOf(job), JobState::kRunning);
  Work(a);
  EXPECT_EQ(StateOf(job), JobState::kDone);
  EXPECT_EQ(engine_->Retry(job).code(), absl::StatusCode::kFailedPrecondition);
}

// ---- continue ----------------------------------------------------------------------------------

TEST_F(JobEngineTest, ContinuingGoesOnWhereItStopped) {
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  WorkUntil(a, TaskKind::kRender);
  const FakeWorker b = NewWorker("b");
  EXPECT_EQ(Continue(Settings()), job);
  // The render that was running still is.
  EXPECT_EQ(Work(b), 1 + 3 + 3);
  EXPECT_EQ(StateOf(job),
            JobState::kAssembling == StateOf(job) ? JobState::kAssembling : JobState::kRunning);
  clock_.Advance(kLease + 1);
  engine_->Tick();
  EXPECT_EQ(Work(b), 1);
  EXPECT_EQ(StateOf(job), JobState::kDone);
  EXPECT_EQ(Report(job).tasks.reused, 1 + 2);
}

TEST_F(JobEngineTest, ChangedConvergenceRendersAgainWithoutDepth) {
  JobSettings settings = Settings();
  settings.keep = true;
  const std::string job = Submit(settings);
  const FakeWorker a = NewWorker("a");
  Work(a);
  settings.convergence = 0.25;
  EXPECT_EQ(Continue(settings), job);
  EXPECT_EQ(Work(a), 5);
  EXPECT_EQ(StateOf(job), JobState::kDone);
  EXPECT_EQ(Report(job).tasks.run, 5);
  EXPECT_EQ(Report(job).tasks.reused, 1 + 5);
  EXPECT_TRUE(absl::StrContains(FilmText(), "convergence 0.25"));
  EXPECT_FALSE(absl::StrContains(FilmText(), "convergence 0.5"));
}

TEST_F(JobEngineTest, RunningRenderOfTheOldSettingsLosesItsLease) {
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  const TaskLease render = WorkUntil(a, TaskKind::kRender);
  JobSettings settings = Settings();
  settings.convergence = 0.25;
  Continue(settings);
  EXPECT_EQ(Complete(a, render).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(MustLease(a).spec.stage_basis, render.spec.stage_basis);
}

TEST_F(JobEngineTest, ChangedShardsKeepTheScan) {
  JobSettings settings = Settings();
  settings.keep = true;
  const std::string job = Submit(settings);
  const FakeWorker a = NewWorker("a");
  Work(a);
  settings.shard_frames = 240;
  Continue(settings);
  EXPECT_EQ(Work(a), 2 + 2);
  EXPECT_EQ(Report(job).tasks.reused, 1);
  EXPECT_EQ(Report(job).tasks.total, 5);
  EXPECT_EQ(CountLines(FilmText()), 1 + 2);
}

TEST_F(JobEngineTest, ChangedSourceMakesEverythingAgain) {
  JobSettings settings = Settings();
  settings.keep = true;
  const std::string job = Submit(settings);
  const FakeWorker a = NewWorker("a");
  Work(a);
  films_.SetFilm(240, "another film");
  Continue(settings);
  EXPECT_EQ(Work(a), 11);
  EXPECT_EQ(Report(job).tasks.reused, 0);
}

TEST_F(JobEngineTest, ResultsWhoseFilesAreGoneAreMadeAgain) {
  JobSettings settings = Settings();
  settings.keep = true;
  const std::string job = Submit(settings);
  const FakeWorker a = NewWorker("a");
  Work(a);
  ASSERT_TRUE(files_->Remove(Task(job, "depth/000000-000050").committed_directory).ok());
  settings.convergence = 0.25;
  Continue(settings);
  EXPECT_EQ(Work(a), 1 + 5);
  EXPECT_EQ(StateOf(job), JobState::kDone);
}

TEST_F(JobEngineTest, ContinuingAJobWithoutIntermediatesMakesThemAgain) {
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  Work(a);
  JobSettings settings = Settings();
  settings.convergence = 0.25;
  EXPECT_EQ(Continue(settings), job);
  EXPECT_EQ(Work(a), 11);
  EXPECT_EQ(StateOf(job), JobState::kDone);
}

// ---- restarts ----------------------------------------------------------------------------------

TEST_F(JobEngineTest, ARestartBetweenAnyTwoStepsChangesNothing) {
  // What a farm that isn't disturbed makes.
  Submit(Settings());
  Work(NewWorker("a"));
  const std::string undisturbed = FilmText();
  ASSERT_FALSE(undisturbed.empty());
  ASSERT_TRUE(RemoveTree(Output()).ok());

  const auto submitted = engine_->Submit({Settings(), false, false});
  ASSERT_TRUE(submitted.ok());
  const FakeWorker a = NewWorker("a");
  int steps = 0;
  while (StateOf(submitted->job) != JobState::kDone) {
    ASSERT_LT(++steps, 200);
    RestartFarm();
    for (int i = 0; i < steps % 4 && background_.RunOne(); ++i) {
    }
    const auto lease = engine_->Lease("a");
    ASSERT_TRUE(lease.ok()) << lease.status();
    if (!lease->has_value()) continue;
    RestartFarm();
    ASSERT_TRUE(engine_->Complete("a", AttemptOf(**lease), a.Do(**lease), 1).ok());
  }
  EXPECT_EQ(FilmText(), undisturbed);
  EXPECT_EQ(Report(submitted->job).tasks.run, 11);
}

TEST_F(JobEngineTest, ResultThatWasntPublishedBeforeACrashIsAfterIt) {
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  const TaskLease scan = MustLease(a);
  const Manifest manifest = a.Do(scan);
  // As if the coordinator had died right after the row was written.
  ASSERT_TRUE(*store_->tasks().Finish(
      AttemptOf(scan), {manifest.stage_key, manifest.numeric_class, scan.attempt_directory, 1}));
  RestartFarm();
  EXPECT_TRUE(fs::exists(store_folder_ / scan.attempt_directory / kCommittedFile));
  EXPECT_TRUE(Task(job, scan.spec.task).published);
  Work(a);
  EXPECT_EQ(StateOf(job), JobState::kDone);
}

TEST_F(JobEngineTest, ResultThatIsGoneAfterACrashIsMadeAgain) {
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  const TaskLease depth = WorkUntil(a, TaskKind::kDepth);
  ASSERT_TRUE(Complete(a, depth).ok());
  ASSERT_TRUE(files_->Remove(depth.attempt_directory).ok());
  RestartFarm();
  EXPECT_EQ(Task(job, depth.spec.task).state, TaskState::kReady);
  Work(a);
  EXPECT_EQ(StateOf(job), JobState::kDone);
}

TEST_F(JobEngineTest, StoppedEngineChangesNothingAnyMore) {
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  while (const auto lease = LeaseOf(a)) {
    ASSERT_TRUE(Complete(a, *lease).ok());
    if (StateOf(job) == JobState::kAssembling) break;
  }
  engine_->Stop();
  background_.RunAll();
  EXPECT_EQ(StateOf(job), JobState::kAssembling);
  RestartFarm();
  background_.RunAll();
  EXPECT_EQ(StateOf(job), JobState::kDone);
}

// ---- several jobs ------------------------------------------------------------------------------

TEST_F(JobEngineTest, OlderJobsComeFirst) {
  const std::string first = Submit(Settings());
  clock_.Advance(kSecond);
  JobSettings settings = Settings();
  settings.outputs[0].file = (root_ / "films" / "second.mkv").string();
  const std::string second = Submit(settings);
  EXPECT_EQ(MustLease(NewWorker("a")).spec.job, first);
  EXPECT_EQ(MustLease(NewWorker("b")).spec.job, second);
  EXPECT_EQ(engine_->List()->size(), 2);
}

TEST_F(JobEngineTest, WorkReadyIsCalledWhenTasksBecomeReady) {
  int calls = 0;
  engine_->OnWorkReady([&] { ++calls; });
  Submit(Settings());
  EXPECT_GT(calls, 0);
  const FakeWorker a = NewWorker("a");
  const TaskLease lease = MustLease(a);
  calls = 0;
  ASSERT_TRUE(engine_->HandBack("a", AttemptOf(lease)).ok());
  EXPECT_EQ(calls, 1);
}

TEST_F(JobEngineTest, AwaitChangeReturnsTheNumberOfTheLastChange) {
  const uint64_t before = engine_->AwaitChange(0, absl::ZeroDuration());
  EXPECT_EQ(engine_->AwaitChange(before, absl::ZeroDuration()), before);
  Submit(Settings());
  EXPECT_GT(engine_->AwaitChange(before, absl::InfiniteDuration()), before);
}

}  // namespace
}  // namespace stereofarm
