#include "tests/unit/coordinator/farm_fixture.h"

#include "common/base/file_system.h"
#include "common/base/log.h"

namespace stereofarm {

FarmFixture::FarmFixture() {
  SetMinimumLogLevel(LogLevel::kError);
  SF_CHECK(MakeDirectories(store_folder_).ok());
  SF_CHECK(MakeDirectories(root_ / "films").ok());
  SF_CHECK(WriteFileAtomically(root_ / "films" / "in.mov", "a film").ok());
  options_.store = store_folder_;
  options_.lease_micros = kLease;
  options_.grace_micros = kGrace;
  options_.allowed = {root_ / "films"};
  files_ = std::make_unique<StoreFiles>(store_folder_);
  StartFarm();
}

FarmFixture::~FarmFixture() {
  engine_.reset();
  store_.reset();
}

void FarmFixture::StartFarm() {
  background_.DropAll();
  engine_.reset();
  store_.reset();
  auto store = FarmStore::Open(root_ / "farm.db");
  ASSERT_TRUE(store.ok()) << store.status();
  store_ = *std::move(store);
  engine_ = std::make_unique<JobEngine>(
      options_, EngineParts{store_.get(), files_.get(), &films_, &background_, &clock_,
                            random_.get(), disks_});
  const absl::Status status = engine_->Start();
  ASSERT_TRUE(status.ok()) << status;
}

JobSettings FarmFixture::Settings() const {
  JobSettings settings;
  settings.input = (root_ / "films" / "in.mov").string();
  settings.outputs = {{Layout::kSbs, Output()}};
  settings.shard_frames = 60;
  settings.overlap = 4;
  return settings;
}

std::string FarmFixture::Submit(const JobSettings& settings) {
  const auto result = engine_->Submit({settings, false, false});
  EXPECT_TRUE(result.ok()) << result.status();
  background_.RunAll();
  return result.ok() ? result->job : "";
}

std::string FarmFixture::Continue(const JobSettings& settings) {
  const auto result = engine_->Submit({settings, true, true});
  EXPECT_TRUE(result.ok()) << result.status();
  background_.RunAll();
  return result.ok() ? result->job : "";
}

FakeWorker FarmFixture::NewWorker(const std::string& id, const std::string& numeric_class) {
  FakeWorker worker(id, numeric_class, store_folder_, cuts_);
  const absl::Status status = engine_->Register(worker.Record());
  EXPECT_TRUE(status.ok()) << status;
  return worker;
}

std::optional<TaskLease> FarmFixture::LeaseOf(const FakeWorker& worker) {
  background_.RunAll();
  const auto lease = engine_->Lease(worker.id());
  EXPECT_TRUE(lease.ok()) << lease.status();
  return lease.ok() ? *lease : std::nullopt;
}

TaskLease FarmFixture::MustLease(const FakeWorker& worker) {
  const std::optional<TaskLease> lease = LeaseOf(worker);
  EXPECT_TRUE(lease.has_value());
  return lease.value_or(TaskLease());
}

absl::Status FarmFixture::Complete(const FakeWorker& worker, const TaskLease& lease) {
  return engine_->Complete(worker.id(), AttemptOf(lease), worker.Do(lease), 1.0);
}

absl::Status FarmFixture::FailWith(const FakeWorker& worker, const TaskLease& lease,
                                   FailureClass failure, const std::string& message,
                                   const std::string& damaged_task) {
  return engine_->Fail(worker.id(), AttemptOf(lease), failure, message, damaged_task);
}

int FarmFixture::Work(const FakeWorker& worker) {
  int done = 0;
  while (const std::optional<TaskLease> lease = LeaseOf(worker)) {
    const absl::Status status = Complete(worker, *lease);
    EXPECT_TRUE(status.ok()) << lease->spec.task << ": " << status;
    if (!status.ok()) break;
    ++done;
  }
  background_.RunAll();
  return done;
}

TaskLease FarmFixture::WorkUntil(const FakeWorker& worker, TaskKind kind) {
  while (const std::optional<TaskLease> lease = LeaseOf(worker)) {
    if (lease->spec.kind == kind) return *lease;
    const absl::Status status = Complete(worker, *lease);
    EXPECT_TRUE(status.ok()) << lease->spec.task << ": " << status;
    if (!status.ok()) break;
  }
  ADD_FAILURE() << "no " << TaskKindName(kind) << " task came";
  return TaskLease();
}

JobReport FarmFixture::Report(const std::string& job) {
  const auto report = engine_->Report(job, /*detail=*/true);
  EXPECT_TRUE(report.ok()) << report.status();
  return report.ok() ? *report : JobReport();
}

TaskRecord FarmFixture::Task(const std::string& job, const std::string& name) {
  const auto task = store_->tasks().Get(job, name);
  EXPECT_TRUE(task.ok() && task->has_value()) << name;
  return task.ok() ? task->value_or(TaskRecord()) : TaskRecord();
}

std::string FarmFixture::FilmText() const { return ReadFile(Output()).value_or(""); }

}  // namespace stereofarm
