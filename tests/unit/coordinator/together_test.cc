// Many leases and reports in one change of the database.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"
#include "coordinator/store/sqlite.h"
#include "tests/unit/coordinator/farm_fixture.h"

namespace stereofarm {
namespace {

constexpr auto kLost = absl::StatusCode::kFailedPrecondition;

class TogetherTest : public FarmFixture {
 protected:
  // A job with some depth tasks ready, and a worker for each of `names`.
  void Begin(const std::vector<std::string>& names) {
    JobSettings settings = Settings();
    settings.shard_frames = 20;
    job_ = Submit(settings);
    const FakeWorker first = NewWorker("first");
    WorkUntil(first, TaskKind::kDepth);
    for (const std::string& name : names) workers_.push_back(NewWorker(name));
  }
  std::vector<TaskLease> LeaseAll() {
    std::vector<std::string> ids;
    for (const FakeWorker& worker : workers_) ids.push_back(worker.id());
    std::vector<TaskLease> leases;
    for (const auto& lease : engine_->LeaseAll(ids)) leases.push_back(lease.value().value());
    return leases;
  }
  TaskReport ReportOf(const FakeWorker& worker, const TaskLease& lease) {
    return {worker.id(), AttemptOf(lease), worker.Do(lease), 1};
  }
  // From now on the database refuses that change of the task.
  void Forbid(const std::string& task, const std::string& change) {
    const auto database = *Database::Open(root_ / "farm.db", Database::Mode::kExisting);
    ASSERT_TRUE(database
                    ->Execute(absl::StrFormat("CREATE TRIGGER forbid BEFORE UPDATE ON tasks WHEN "
                                              "NEW.name = '%s' AND NEW.%s BEGIN "
                                              "SELECT RAISE(ABORT, 'forbidden'); END",
                                              task, change)
                                  .c_str())
                    .ok());
  }

  std::string job_;
  std::vector<FakeWorker> workers_;
};

TEST_F(TogetherTest, EachWorkerGetsATaskOfItsOwnAndAStrangerHearsSo) {
  Begin({"a", "b"});
  const auto leases = engine_->LeaseAll({"a", "stranger", "b"});
  ASSERT_EQ(leases.size(), 3u);
  EXPECT_EQ(leases[1].status().code(), absl::StatusCode::kNotFound);
  EXPECT_NE((*leases[0])->spec.task, (*leases[2])->spec.task);
  EXPECT_EQ(Task(job_, (*leases[0])->spec.task).worker, "a");
  EXPECT_EQ(Task(job_, (*leases[2])->spec.task).worker, "b");
}

TEST_F(TogetherTest, AWorkerThatAsksTwiceHoldsOnlyWhatItGotLast) {
  Begin({"a"});
  const auto leases = engine_->LeaseAll({"a", "a"});
  const TaskLease first = **leases[0];
  const TaskLease second = **leases[1];
  EXPECT_EQ(engine_->Renew("a", AttemptOf(first), 0, 0).status().code(), kLost);
  EXPECT_TRUE(engine_->Renew("a", AttemptOf(second), 0, 0).ok());
}

TEST_F(TogetherTest, WhenTasksRunOutTheRestGetNothing) {
  const std::string job = Submit(Settings());
  NewWorker("a");
  NewWorker("b");
  background_.RunAll();
  const auto leases = engine_->LeaseAll({"a", "b"});
  EXPECT_TRUE((*leases[0]).has_value());  // the only scan
  EXPECT_FALSE((*leases[1]).has_value());
}

TEST_F(TogetherTest, EachReportGetsItsOwnAnswer) {
  Begin({"a", "b", "c", "d"});
  const std::vector<TaskLease> leases = LeaseAll();
  std::vector<TaskReport> reports;
  for (size_t i = 0; i < leases.size(); ++i) reports.push_back(ReportOf(workers_[i], leases[i]));
  ASSERT_TRUE(
      WriteFileAtomically(store_folder_ / leases[1].attempt_directory / "samples.bin", "x").ok());
  ASSERT_TRUE(engine_->HandBack("c", AttemptOf(leases[2])).ok());
  reports.push_back(reports[0]);  // said twice
  reports.push_back({"stranger", AttemptOf(leases[0]), reports[0].manifest, 1});
  const std::vector<absl::Status> answers = engine_->CompleteAll(reports);
  ASSERT_EQ(answers.size(), 6u);
  EXPECT_TRUE(answers[0].ok()) << answers[0];
  EXPECT_EQ(answers[1].code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(answers[2].code(), kLost);
  EXPECT_TRUE(answers[3].ok()) << answers[3];
  EXPECT_TRUE(answers[4].ok()) << answers[4];
  EXPECT_EQ(answers[5].code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(Task(job_, leases[0].spec.task).published);
  EXPECT_EQ(Task(job_, leases[1].spec.task).failures, 1);
  EXPECT_EQ(Task(job_, leases[2].spec.task).state, TaskState::kReady);
  EXPECT_TRUE(Task(job_, leases[3].spec.task).published);
}

TEST_F(TogetherTest, AResultThatCantBeWrittenHarmsNoOther) {
  Begin({"a", "b", "c"});
  const std::vector<TaskLease> leases = LeaseAll();
  Forbid(leases[1].spec.task, "state = 'done'");
  std::vector<TaskReport> reports;
  for (size_t i = 0; i < leases.size(); ++i) reports.push_back(ReportOf(workers_[i], leases[i]));
  const std::vector<absl::Status> answers = engine_->CompleteAll(reports);
  EXPECT_TRUE(answers[0].ok()) << answers[0];
  EXPECT_FALSE(answers[1].ok());
  EXPECT_TRUE(answers[2].ok()) << answers[2];
  EXPECT_TRUE(Task(job_, leases[0].spec.task).published);
  EXPECT_EQ(Task(job_, leases[1].spec.task).state, TaskState::kLeased);
  EXPECT_TRUE(Task(job_, leases[2].spec.task).published);
  // It's still this worker's, and can be said again.
  EXPECT_TRUE(engine_->Renew("b", AttemptOf(leases[1]), 0, 0).ok());
}

TEST_F(TogetherTest, ATaskThatCantBeLentKeepsNoneFromAnother) {
  Begin({"a", "b", "c"});
  const TaskLease barred = MustLease(workers_[0]);
  ASSERT_TRUE(engine_->HandBack("a", AttemptOf(barred)).ok());
  Forbid(barred.spec.task, "worker = 'b'");
  const auto leases = engine_->LeaseAll({"b", "c"});
  EXPECT_FALSE(leases[0].ok());
  ASSERT_TRUE(leases[1].ok());
  ASSERT_TRUE(leases[1]->has_value());
  EXPECT_TRUE(engine_->Renew("c", AttemptOf(**leases[1]), 0, 0).ok());
}

TEST_F(TogetherTest, TheNextTaskIsForWhoHasNone) {
  Begin({"a", "b"});
  const TaskLease held = MustLease(workers_[0]);
  const auto next = engine_->LeaseNext({"a", "b", "stranger"});
  EXPECT_FALSE((*next[0]).has_value());
  ASSERT_TRUE((*next[1]).has_value());
  EXPECT_EQ(next[2].status().code(), absl::StatusCode::kNotFound);
  // Whoever asks himself has lost what he had.
  EXPECT_TRUE(engine_->Renew("a", AttemptOf(held), 0, 0).ok());
  ASSERT_TRUE((*engine_->LeaseAll({"a"})[0]).has_value());
  EXPECT_EQ(engine_->Renew("a", AttemptOf(held), 0, 0).status().code(), kLost);
}

}  // namespace
}  // namespace stereofarm
