// What the engine does by itself: stuck jobs go on, full disks are waited for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "common/artifacts/store_marker.h"
#include "common/base/file_system.h"
#include "tests/unit/coordinator/farm_fixture.h"

namespace stereofarm {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class JobCareTest : public FarmFixture {
 protected:
  static constexpr int64_t kLongEnough = 11 * kSecond;

  void LookAgain() {
    clock_.Advance(kLongEnough);
    engine_->Tick();
    background_.RunAll();
  }
  // Nothing that is handed out or in the background is left; the film isn't done either.
  void ExpectStuck(const std::string& job) {
    background_.RunAll();
    EXPECT_FALSE(LeaseOf(worker_).has_value());
    EXPECT_NE(StateOf(job), JobState::kDone);
  }
  void ExpectGoesOn(const std::string& job) {
    LookAgain();
    Work(worker_);
    EXPECT_EQ(StateOf(job), JobState::kDone);
  }
  // Every task but renders is done and every render is ready.
  std::string JobBeforeRender() {
    const std::string job = Submit(Settings());
    for (int i = 0; i < 1 + 2; ++i) EXPECT_TRUE(Complete(worker_, MustLease(worker_)).ok());
    background_.RunAll();
    return job;
  }

  const FakeWorker worker_ = NewWorker("a");
};

TEST_F(JobCareTest, AWaitingTaskWhoseInputsAreThereIsMadeReady) {
  const std::string job = JobBeforeRender();
  for (const char* name : {"render/000000-000050", "render/000050-000100"}) {
    ASSERT_TRUE(*store_->tasks().Move(job, name, TaskState::kReady, TaskState::kWaiting));
  }
  Work(worker_);
  ExpectStuck(job);
  ExpectGoesOn(job);
}

TEST_F(JobCareTest, AWaitingInpaintWhoseWarpIsThereIsMadeReady) {
  JobSettings settings = Settings();
  settings.exr = ExrMode::kAll;
  const std::string job = Submit(settings);
  const TaskLease inpaint = WorkUntil(worker_, TaskKind::kInpaint);
  ASSERT_TRUE(engine_->HandBack(worker_.id(), AttemptOf(inpaint)).ok());
  ASSERT_TRUE(
      *store_->tasks().Move(job, inpaint.spec.task, TaskState::kReady, TaskState::kWaiting));
  Work(worker_);
  ExpectStuck(job);
  ExpectGoesOn(job);
}

TEST_F(JobCareTest, AShotWhoseDepthIsThereIsReconciled) {
  const std::string job = Submit(Settings());
  for (int i = 0; i < 1 + 2; ++i) ASSERT_TRUE(Complete(worker_, MustLease(worker_)).ok());
  background_.DropAll();  // the reconciliation among them
  ASSERT_TRUE(LeaseOf(worker_).has_value());
  RestartFarm();
  auto shot = *store_->shots().Get(job, 0);
  background_.RunAll();
  for (const ShotState state : {ShotState::kPlanned, ShotState::kDepthDone}) {
    shot->state = state;
    ASSERT_TRUE(store_->shots().Update(job, *shot).ok());
    LookAgain();
    EXPECT_EQ((*store_->shots().Get(job, 0))->state, ShotState::kReconciled);
  }
}

TEST_F(JobCareTest, ATaskTakenOutByMistakeComesBack) {
  const std::string job = JobBeforeRender();
  ASSERT_TRUE(
      *store_->tasks().Move(job, "render/000000-000050", TaskState::kReady, TaskState::kCancelled));
  ASSERT_TRUE(
      *store_->tasks().Move(job, "depth/000100-000146", TaskState::kReady, TaskState::kSuperseded));
  Work(worker_);
  ExpectStuck(job);
  ExpectGoesOn(job);
}

TEST_F(JobCareTest, AJobWithEverythingDoneIsAssembled) {
  const std::string job = Submit(Settings());
  films_.SetAssembleError(absl::ResourceExhaustedError("the disk is full"));
  Work(worker_);
  ASSERT_EQ(StateOf(job), JobState::kAssembling);
  films_.SetAssembleError(absl::OkStatus());
  JobRecord row = Report(job).job;
  row.state = JobState::kRunning;
  ASSERT_TRUE(store_->jobs().Update(row).ok());
  ExpectStuck(job);
  ExpectGoesOn(job);
}

TEST_F(JobCareTest, AScannedFilmWhoseShotsWereNeverLookedForIsPlanned) {
  const std::string job = Submit(Settings());
  ASSERT_TRUE(Complete(worker_, MustLease(worker_)).ok());
  background_.DropAll();
  // Ended while the farm starts, so that the start doesn't ask for it.
  JobRecord row = Report(job).job;
  row.state = JobState::kCancelled;
  ASSERT_TRUE(store_->jobs().Update(row).ok());
  RestartFarm();
  row.state = JobState::kRunning;
  ASSERT_TRUE(store_->jobs().Update(row).ok());
  ExpectStuck(job);
  ExpectGoesOn(job);
}

TEST_F(JobCareTest, ALeaseThatIsInNoBookRunsOut) {
  const std::string job = JobBeforeRender();
  // As a change would leave it that was thought to be taken back.
  ASSERT_TRUE((*store_->tasks().Claim(job, {"ghost", "cpu-a", true, true}, "id")).has_value());
  LookAgain();
  clock_.Advance(kLease + 1);
  engine_->Tick();
  Work(worker_);
  EXPECT_EQ(StateOf(job), JobState::kDone);
}

TEST_F(JobCareTest, AResultThatCantBePublishedKeepsNoOtherBack) {
  const std::string job = Submit(Settings());
  ASSERT_TRUE(Complete(worker_, MustLease(worker_)).ok());
  const FakeWorker other = NewWorker("b");
  const TaskLease first = MustLease(worker_);
  const TaskLease second = MustLease(other);
  const auto place = [&](const TaskLease& lease) {
    return store_folder_ / lease.attempt_directory / kCommittedFile;
  };
  // A folder in its place, for want of a disk that's full.
  for (const TaskLease* lease : {&first, &second}) {
    std::filesystem::create_directories(place(*lease) / "in the way");
  }
  ASSERT_TRUE(Complete(worker_, first).ok());
  ASSERT_TRUE(Complete(other, second).ok());
  engine_->Tick();
  EXPECT_FALSE(Task(job, second.spec.task).published);
  std::filesystem::remove_all(place(second));
  engine_->Tick();
  EXPECT_TRUE(Task(job, second.spec.task).published);
  std::filesystem::remove_all(place(first));
  engine_->Tick();
  EXPECT_TRUE(Task(job, first.spec.task).published);
}

// Files that count what is published, and let the test act in the middle of a look around.
class WatchedFiles : public StoreFiles {
 public:
  using StoreFiles::StoreFiles;
  absl::StatusOr<Manifest> ReadManifest(const std::string& directory,
                                        const std::string& name) override {
    if (const auto act = std::exchange(on_next_read_, nullptr)) act();
    return StoreFiles::ReadManifest(directory, name);
  }
  absl::Status WriteCommitted(const std::string& directory, const Manifest& manifest) override {
    if (is_full_) return absl::ResourceExhaustedError(directory + ": no space left on device");
    ++published_[directory];
    return StoreFiles::WriteCommitted(directory, manifest);
  }

  bool is_full_ = false;
  std::function<void()> on_next_read_;
  std::map<std::string, int> published_;
};

// A result is published once: its folder may be gone when its job is done.
class PublishOnceTest : public JobCareTest {
 protected:
  PublishOnceTest() {
    auto files = std::make_unique<WatchedFiles>(store_folder_);
    watched_ = files.get();
    engine_.reset();
    files_ = std::move(files);
    StartFarm();
    EXPECT_TRUE(engine_->Register(worker_.Record()).ok());
    Submit(Settings());
    EXPECT_TRUE(Complete(worker_, MustLease(worker_)).ok());
  }

  WatchedFiles* watched_ = nullptr;
};

TEST_F(PublishOnceTest, OfTwoThatLookAround) {
  const FakeWorker other = NewWorker("b");
  const TaskLease first = MustLease(worker_);
  const TaskLease second = MustLease(other);
  watched_->is_full_ = true;
  ASSERT_TRUE(Complete(worker_, first).ok());
  ASSERT_TRUE(Complete(other, second).ok());
  watched_->is_full_ = false;
  // While the one is at the first of the two, the other finds the second.
  watched_->on_next_read_ = [this] { engine_->Tick(); };
  engine_->Tick();
  EXPECT_EQ(watched_->published_[first.attempt_directory], 1);
  EXPECT_EQ(watched_->published_[second.attempt_directory], 1);
}

TEST_F(PublishOnceTest, OfTwoReportsThatSayTheSame) {
  const TaskLease lease = MustLease(worker_);
  const TaskReport report{"a", AttemptOf(lease), worker_.Do(lease), 1};
  for (const absl::Status& answer : engine_->CompleteAll({report, report})) {
    EXPECT_TRUE(answer.ok()) << answer;
  }
  EXPECT_EQ(watched_->published_[lease.attempt_directory], 1);
}

TEST_F(JobCareTest, AFullDiskAtTheEndIsWaitedFor) {
  const std::string job = Submit(Settings());
  films_.SetAssembleError(absl::ResourceExhaustedError("out.mkv: no space left on device"));
  Work(worker_);
  EXPECT_EQ(StateOf(job), JobState::kAssembling);
  EXPECT_THAT(Report(job).hold, HasSubstr("no space left"));
  films_.SetAssembleError(absl::OkStatus());
  LookAgain();
  EXPECT_EQ(StateOf(job), JobState::kDone);
  EXPECT_THAT(Report(job).hold, IsEmpty());
}

TEST_F(JobCareTest, WorkThatWasPutOffIsTriedLessAndLessOften) {
  Submit(Settings());
  films_.SetAssembleError(absl::ResourceExhaustedError("full"));
  Work(worker_);
  const int before = films_.assembled();
  for (int i = 0; i < 60; ++i) LookAgain();
  EXPECT_GE(films_.assembled() - before, 3);
  EXPECT_LE(films_.assembled() - before, 7);
}

// Looks at thousands of shots: what it costs is printed, and is bounded far above.
TEST_F(JobCareTest, LookingIsCheap) {
  constexpr int64_t kFrames = 172'800;
  JobRecord job;
  job.id = "long";
  job.settings = Settings();
  job.state = JobState::kRunning;
  job.range = {0, kFrames};
  job.planned = true;
  {
    FarmStore::Change change(store_.get());
    ASSERT_TRUE(store_->jobs().Insert(job).ok());
    for (int64_t begin = 0; begin < kFrames; begin += 96) {
      ShotRecord shot;
      shot.frames = {begin, begin + 96};
      shot.state = begin < kFrames / 2 ? ShotState::kReconciled : ShotState::kPlanned;
      ASSERT_TRUE(
          store_->shots().Insert("long", shot, {{shot.frames, shot.frames, shot.frames}}).ok());
      for (const TaskKind kind : {TaskKind::kDepth, TaskKind::kRender}) {
        TaskRecord task;
        task.job = "long";
        task.name = TaskKindName(kind) + "/" + RangeName(shot.frames);
        task.kind = kind;
        task.core = shot.frames;
        task.shot_begin = begin;
        const bool is_ready = (kind == TaskKind::kRender) == (shot.state == ShotState::kReconciled);
        task.state = is_ready ? TaskState::kReady : TaskState::kWaiting;
        if (kind == TaskKind::kDepth && !is_ready) {
          task.epoch = 1;
          task.lease_id = "id";
          task.committed_directory = "jobs/long/" + task.name + "/e1-id";
          ASSERT_TRUE(store_->tasks().Restore(task).ok());
          ASSERT_TRUE(store_->tasks().SetWanted("long", task.name, true).ok());
        } else {
          ASSERT_TRUE(store_->tasks().Insert(task).ok());
        }
      }
    }
    ASSERT_TRUE(change.Commit().ok());
  }
  LookAgain();  // with all queries prepared
  clock_.Advance(kLongEnough);
  const auto start = std::chrono::steady_clock::now();
  engine_->Tick();
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  RecordProperty("millis", std::to_string(took.count()));
  printf("a pass over 1800 shots took %.2f ms\n", took.count());
  EXPECT_LT(took.count(), 500);
  EXPECT_EQ(StateOf("long"), JobState::kRunning);
}

class DiskCareTest : public FarmFixture {
 protected:
  DiskCareTest() {
    guard_ = std::make_unique<DiskGuard>(
        std::vector<std::filesystem::path>{root_}, std::nullopt,
        [this](const std::filesystem::path&) -> absl::StatusOr<DiskSpace> {
          return DiskSpace{1000 * free_, 1'000'000'000};
        });
    disks_ = guard_.get();
    StartFarm();
  }
  void SetFree(int64_t kilobytes) {
    free_ = kilobytes;
    clock_.Advance(kSecond);
    engine_->Tick();
  }

  int64_t free_ = 1'000'000;  // kB
  std::unique_ptr<DiskGuard> guard_;
};

TEST_F(DiskCareTest, NothingIsHandedOutWhileADiskIsNearlyFull) {
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  SetFree(19'999);
  EXPECT_FALSE(LeaseOf(a).has_value());
  EXPECT_FALSE(engine_->AnyTaskReady());
  EXPECT_THAT(Report(job).hold, HasSubstr(root_.string()));
  EXPECT_THAT(Report(job).hold, HasSubstr("--min-free"));
  // Not at once when it's a byte more, or it would begin and stop all the time.
  SetFree(20'001);
  EXPECT_FALSE(LeaseOf(a).has_value());
  SetFree(25'000);
  EXPECT_TRUE(engine_->AnyTaskReady());
  EXPECT_THAT(Report(job).hold, IsEmpty());
  Work(a);
  EXPECT_EQ(StateOf(job), JobState::kDone);
}

TEST_F(DiskCareTest, NothingIsHandedOutFromTheFirstMomentOnAFullDisk) {
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  free_ = 0;
  RestartFarm();
  EXPECT_FALSE(LeaseOf(a).has_value());
  EXPECT_THAT(Report(job).hold, HasSubstr("--min-free"));
  SetFree(500'000);
  EXPECT_TRUE(LeaseOf(a).has_value());
}

// A store whose marker finds no room.
class FullStore : public StoreFiles {
 public:
  using StoreFiles::StoreFiles;
  absl::Status Write(const std::string& file, const std::string& content) override {
    if (is_full_ && file == kStoreMarkerFile)
      return absl::ResourceExhaustedError("cannot write " + file);
    return StoreFiles::Write(file, content);
  }
  void set_full(bool full) { is_full_ = full; }

 private:
  bool is_full_ = true;
};

TEST_F(JobCareTest, AStoreThatWasFullAtTheStartIsMarkedOnceThereIsRoom) {
  auto files = std::make_unique<FullStore>(store_folder_);
  FullStore* const store = files.get();
  engine_.reset();
  files_ = std::move(files);
  options_.store_marker = "marker";
  RestartFarm();
  Submit(Settings());
  // Nobody could prove that it's the same store.
  EXPECT_EQ(MustLease(worker_).store_marker, "");
  store->set_full(false);
  LookAgain();
  EXPECT_EQ(ReadFile(store_folder_ / kStoreMarkerFile).value_or(""), "marker");
  EXPECT_EQ(MustLease(worker_).store_marker, "marker");
}

TEST_F(DiskCareTest, WaitersAreToldWhenThereIsRoomAgain) {
  Submit(Settings());
  NewWorker("a");
  SetFree(0);
  int told = 0;
  engine_->OnWorkReady([&] { ++told; });
  SetFree(500'000);
  EXPECT_GE(told, 1);
}

TEST_F(DiskCareTest, ALeaseOutlastsAFullDisk) {
  const std::string job = Submit(Settings());
  const FakeWorker a = NewWorker("a");
  const TaskLease lease = MustLease(a);
  SetFree(0);
  clock_.Advance(10 * kLease);
  engine_->Tick();
  SetFree(500'000);
  EXPECT_EQ(Task(job, lease.spec.task).failures, 0);
  EXPECT_TRUE(Complete(a, lease).ok());
}

}  // namespace
}  // namespace stereofarm
