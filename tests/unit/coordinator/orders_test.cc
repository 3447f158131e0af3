// What people order while jobs run: pause, priority, shares, limits, tags, drain.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/unit/coordinator/farm_fixture.h"

namespace stereofarm {
namespace {

class OrdersTest : public FarmFixture {
 protected:
  std::string SubmitTo(const std::string& name, const SubmitOrder& how = {}) {
    SubmitOrder order = how;
    order.settings = Settings();
    order.settings.outputs[0].file = (root_ / "films" / name).string();
    order.settings.shard_frames = 20;
    const auto result = engine_->Submit(order);
    EXPECT_TRUE(result.ok()) << result.status();
    background_.RunAll();
    clock_.Advance(1);
    return result.ok() ? result->job : "";
  }
  // Scans the job's film, so that it has many tasks.
  void Scan(const std::string& job) {
    const FakeWorker scanner = NewWorker("scanner");
    ASSERT_TRUE(engine_->SetPriority(job, 1000).ok());
    const TaskLease lease = WorkUntil(scanner, TaskKind::kDepth);
    ASSERT_EQ(lease.spec.job, job);
    ASSERT_TRUE(engine_->Leave("scanner").ok());
    ASSERT_TRUE(engine_->SetPriority(job, 0).ok());
  }
  std::string StateOfWorker(const std::string& id) {
    for (const WorkerReport& report : engine_->Workers()) {
      if (report.worker.id == id) return report.state;
    }
    return "";
  }
};

TEST_F(OrdersTest, APausedJobGivesNothingAndTakesItsTasksBack) {
  const std::string job = SubmitTo("a.mkv");
  const FakeWorker a = NewWorker("a");
  const TaskLease lease = MustLease(a);
  std::vector<AttemptRef> revoked;
  engine_->OnRevoked([&](const std::vector<AttemptRef>& attempts) { revoked = attempts; });
  ASSERT_TRUE(engine_->Pause(job).ok());
  ASSERT_EQ(revoked.size(), 1);
  EXPECT_EQ(revoked[0].lease_id, lease.lease_id);
  EXPECT_EQ(StateOfWorker("a"), "stopping");
  EXPECT_EQ(Complete(a, lease).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_FALSE(LeaseOf(a).has_value());
  EXPECT_EQ(StateOfWorker("a"), "idle");  // it asked for more: it has stopped
  EXPECT_FALSE(engine_->AnyTaskReady());
  EXPECT_NE(Report(job).hold, "");
  RestartFarm();
  EXPECT_FALSE(LeaseOf(a).has_value());
  ASSERT_TRUE(engine_->Resume(job).ok());
  EXPECT_EQ(Report(job).hold, "");
  Work(a);
  EXPECT_EQ(StateOf(job), JobState::kDone);
  EXPECT_EQ(Task(job, lease.spec.task).failures, 0);
  EXPECT_EQ(engine_->Pause(job).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(engine_->Pause("none").code(), absl::StatusCode::kNotFound);
}

TEST_F(OrdersTest, ACancelledJobsWorkersAreToldAndShowThatTheyStop) {
  const std::string job = SubmitTo("a.mkv");
  const FakeWorker a = NewWorker("a");
  const TaskLease lease = MustLease(a);
  std::vector<AttemptRef> revoked;
  engine_->OnRevoked([&](const std::vector<AttemptRef>& attempts) { revoked = attempts; });
  ASSERT_TRUE(engine_->Cancel(job).ok());
  ASSERT_EQ(revoked.size(), 1);
  EXPECT_EQ(revoked[0].lease_id, lease.lease_id);
  EXPECT_EQ(StateOfWorker("a"), "stopping");
  EXPECT_FALSE(LeaseOf(a).has_value());
  EXPECT_EQ(StateOfWorker("a"), "idle");
}

TEST_F(OrdersTest, HigherPriorityGoesFirst) {
  const std::string first = SubmitTo("a.mkv");
  SubmitOrder urgent;
  urgent.priority = 5;
  const std::string second = SubmitTo("b.mkv", urgent);
  EXPECT_EQ(MustLease(NewWorker("a")).spec.job, second);
  ASSERT_TRUE(engine_->SetPriority(first, 10).ok());
  EXPECT_EQ(MustLease(NewWorker("b")).spec.job, first);
}

TEST_F(OrdersTest, JobsOfOnePriorityShareTheWorkers) {
  const std::string first = SubmitTo("a.mkv");
  const std::string second = SubmitTo("b.mkv");
  Scan(first);
  Scan(second);
  std::map<std::string, int> shares;
  for (int i = 0; i < 8; ++i) ++shares[MustLease(NewWorker(std::to_string(i))).spec.job];
  EXPECT_EQ(shares[first], 4);
  EXPECT_EQ(shares[second], 4);
}

TEST_F(OrdersTest, AJobTakesNoMoreWorkersThanItMay) {
  SubmitOrder order;
  order.max_workers = 2;
  const std::string job = SubmitTo("a.mkv", order);
  Scan(job);
  const FakeWorker a = NewWorker("a");
  const TaskLease lease = MustLease(a);
  MustLease(NewWorker("b"));
  const FakeWorker c = NewWorker("c");
  EXPECT_FALSE(LeaseOf(c).has_value());
  ASSERT_TRUE(Complete(a, lease).ok());
  EXPECT_TRUE(LeaseOf(c).has_value());
}

TEST_F(OrdersTest, TagsChooseWorkers) {
  SubmitOrder order;
  order.tags = {"big", "fast"};
  const std::string job = SubmitTo("a.mkv", order);
  const FakeWorker plain = NewWorker("plain");
  EXPECT_FALSE(LeaseOf(plain).has_value());
  WorkerRecord tagged = NewWorker("tagged").Record();
  tagged.tags = {"fast", "other", "big"};
  ASSERT_TRUE(engine_->Register(tagged).ok());
  EXPECT_TRUE((*engine_->Lease("tagged")).has_value());
}

TEST_F(OrdersTest, ADrainedWorkerFinishesItsTaskAndGetsNoMore) {
  const std::string job = SubmitTo("a.mkv");
  const FakeWorker a = NewWorker("a");
  const TaskLease lease = MustLease(a);
  ASSERT_TRUE(engine_->Drain("host/a", /*now=*/false).ok());
  EXPECT_EQ(StateOfWorker("a"), "draining");
  ASSERT_TRUE(Complete(a, lease).ok());
  EXPECT_EQ(StateOfWorker("a"), "drained");
  EXPECT_FALSE(LeaseOf(a).has_value());
  EXPECT_EQ(Report(job).hold, "every worker of the farm is lost, drained or put aside");
  RestartFarm();
  EXPECT_FALSE(LeaseOf(a).has_value());
  ASSERT_TRUE(engine_->ResumeWorker("a").ok());
  EXPECT_TRUE(LeaseOf(a).has_value());
  EXPECT_EQ(engine_->Drain("nobody", false).code(), absl::StatusCode::kNotFound);
}

TEST_F(OrdersTest, AWorkerDrainedNowHandsItsTaskBack) {
  const std::string job = SubmitTo("a.mkv");
  const FakeWorker a = NewWorker("a");
  const TaskLease lease = MustLease(a);
  ASSERT_TRUE(engine_->Drain("a", /*now=*/true).ok());
  EXPECT_EQ(Task(job, lease.spec.task).state, TaskState::kReady);
  EXPECT_EQ(Task(job, lease.spec.task).failures, 0);
  EXPECT_EQ(StateOfWorker("a"), "draining");
  EXPECT_FALSE(LeaseOf(a).has_value());
  EXPECT_EQ(StateOfWorker("a"), "drained");
  EXPECT_EQ(MustLease(NewWorker("b")).spec.task, lease.spec.task);
}

TEST_F(OrdersTest, WhoeverAsksHasNothing) {
  const std::string job = SubmitTo("a.mkv");
  const FakeWorker a = NewWorker("a");
  const TaskLease unheard = MustLease(a);
  const TaskLease again = MustLease(a);
  EXPECT_EQ(again.spec.task, unheard.spec.task);
  EXPECT_EQ(again.epoch, unheard.epoch + 1);
  EXPECT_EQ(Complete(a, unheard).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(Complete(a, again).ok());
  EXPECT_EQ(Task(job, again.spec.task).failures, 0);
}

TEST_F(OrdersTest, ARenderGoesToTheWorkerThatMadeItsDepth) {
  cuts_ = {};
  const std::string job = SubmitTo("a.mkv");
  Scan(job);
  const FakeWorker a = NewWorker("a");
  const FakeWorker b = NewWorker("b");
  std::map<int64_t, std::string> made;
  while (true) {
    const std::optional<TaskLease> of_a = LeaseOf(a);
    if (!of_a || of_a->spec.kind != TaskKind::kDepth) break;
    made[of_a->spec.shard.core.begin] = "a";
    ASSERT_TRUE(Complete(a, *of_a).ok());
    const TaskLease of_b = MustLease(b);
    ASSERT_EQ(of_b.spec.kind, TaskKind::kDepth);
    made[of_b.spec.shard.core.begin] = "b";
    ASSERT_TRUE(Complete(b, of_b).ok());
  }
  for (int i = 0; i < 3; ++i) {
    for (const FakeWorker* worker : {&a, &b}) {
      const TaskLease lease = MustLease(*worker);
      ASSERT_EQ(lease.spec.kind, TaskKind::kRender);
      EXPECT_EQ(made[lease.spec.shard.core.begin], worker->id());
      ASSERT_TRUE(Complete(*worker, lease).ok());
    }
  }
}

}  // namespace
}  // namespace stereofarm
