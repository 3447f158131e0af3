#include "worker/agent/agent.h"

#include <gtest/gtest.h>

#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/base/file_system.h"
#include "tests/support/simulated_clock.h"
#include "tests/support/temp_folder.h"
#include "worker/agent/failure.h"
#include "worker/stages/damage.h"

namespace stereofarm {
namespace {

constexpr int64_t kSecond = 1'000'000;

// Waiting moves the clock, unless somebody has rung; nobody sleeps.
class SimulatedBell : public Bell {
 public:
  explicit SimulatedBell(SimulatedClock* clock) : clock_(clock) {}
  void Wait(int64_t micros) override {
    on_wait();
    std::this_thread::yield();
    if (rang_.exchange(false)) return;
    clock_->Advance(micros);
  }
  void Ring() override {
    rang_ = true;
    ++rings;
  }
  std::atomic<int> rings{0};
  std::function<void()> on_wait = [] {};

 private:
  SimulatedClock* const clock_;
  std::atomic<bool> rang_{false};
};

// A coordinator in memory that answers as it's told and remembers what it heard.
class FakeFarm : public FarmClient {
 public:
  explicit FakeFarm(SimulatedClock* clock) : clock_(clock) {}

  std::deque<TaskLease> tasks;
  std::deque<TaskLease> next_tasks;  // given with the answer to a report
  std::function<void()> on_complete = [] {};
  std::string store;
  int64_t lease_micros = 30 * kSecond;
  // Answers to the next calls, before it goes back to OK.
  std::deque<absl::Status> register_answers, lease_answers, complete_answers, fail_answers,
      hand_back_answers;
  std::function<absl::Status()> on_renew = [] { return absl::OkStatus(); };
  // What the agent does when there is no task.
  std::function<void()> on_idle = [] {};
  std::vector<std::string> heard;

  absl::StatusOr<Registration> Register(const WorkerInfo& info, int64_t) override {
    heard.push_back("register " + info.id);
    SF_RETURN_IF_ERROR(Take(&register_answers));
    return Registration{store, lease_micros, 5 * kSecond};
  }
  absl::StatusOr<std::optional<TaskLease>> Lease(const std::string&, int64_t wait) override {
    SF_RETURN_IF_ERROR(Take(&lease_answers));
    if (tasks.empty()) {
      clock_->Advance(wait);
      on_idle();
      return std::optional<TaskLease>();
    }
    std::optional<TaskLease> lease(tasks.front());
    tasks.pop_front();
    return lease;
  }
  absl::StatusOr<int64_t> Renew(const AttemptId&, int64_t done, int64_t total, int64_t,
                                int64_t timeout, const std::function<bool()>&) override {
    ++renewals;
    last_done = done;
    last_total = total;
    last_timeout = timeout;
    SF_RETURN_IF_ERROR(on_renew());
    return lease_micros;
  }
  absl::StatusOr<std::optional<TaskLease>> Complete(const AttemptId& attempt,
                                                    const Manifest& manifest, double,
                                                    bool next) override {
    heard.push_back("complete " + attempt.task + " " + manifest.stage_key);
    SF_RETURN_IF_ERROR(Take(&complete_answers));
    std::optional<TaskLease> lease;
    on_complete();
    if (!next || next_tasks.empty()) return lease;
    lease = next_tasks.front();
    next_tasks.pop_front();
    return lease;
  }
  absl::Status Fail(const AttemptId& attempt, const FailureReport& report) override {
    heard.push_back("fail " + attempt.task + " " + FailureClassName(report.failure) + " " +
                    report.damaged_task + ": " + report.message);
    return Take(&fail_answers);
  }
  absl::Status HandBack(const AttemptId& attempt) override {
    heard.push_back("hand back " + attempt.task);
    return Take(&hand_back_answers);
  }
  absl::Status Leave(const std::string& worker) override {
    heard.push_back("leave " + worker);
    return absl::OkStatus();
  }
  void InterruptLease() override {}
  void InterruptRenew() override {}

  std::atomic<int> renewals{0};
  std::atomic<int64_t> last_done{-1};
  int64_t last_total = -1;
  int64_t last_timeout = -1;

 private:
  static absl::Status Take(std::deque<absl::Status>* answers) {
    if (answers->empty()) return absl::OkStatus();
    const absl::Status answer = answers->front();
    answers->pop_front();
    return answer;
  }
  SimulatedClock* const clock_;
};

class AgentTest : public ::testing::Test {
 protected:
  AgentTest() {
    farm_.store = folder_.path();
    options_.info.id = "w";
    options_.stuck_grace_micros = int64_t{1} << 60;  // a waiting bell makes simulated time fly
    farm_.on_idle = [this] { agent_->Stop(); };
  }

  void AddTask(const std::string& name) {
    TaskLease lease;
    lease.spec.job = "j";
    lease.spec.task = name;
    lease.epoch = 3;
    lease.lease_id = "id";
    lease.attempt_directory = "jobs/j/" + name;
    lease.lease_micros = farm_.lease_micros;
    farm_.tasks.push_back(lease);
  }

  absl::Status Run(TaskRunner runner) {
    agent_ = std::make_unique<Agent>(
        options_, &farm_, std::move(runner),
        [this](const TaskLease& lease) {
          EXPECT_TRUE(RemoveTree(folder_.path() / lease.attempt_directory).ok());
        },
        &clock_, random_.get(), &bell_);
    return agent_->Run([this] { ++joined_; });
  }

  // A runner that makes a file and a manifest.
  static absl::StatusOr<Manifest> MakeFile(const TaskLease& lease,
                                           const std::filesystem::path& store, TaskProgress*) {
    SF_RETURN_IF_ERROR(MakeDirectories(store / lease.attempt_directory));
    SF_RETURN_IF_ERROR(WriteFileAtomically(store / lease.attempt_directory / "file", "x"));
    Manifest manifest;
    manifest.stage_key = "key";
    return manifest;
  }
  // A runner that makes the file and then works until it's stopped.
  static absl::StatusOr<Manifest> WorkUntilStopped(const TaskLease& lease,
                                                   const std::filesystem::path& store,
                                                   TaskProgress* progress) {
    SF_RETURN_IF_ERROR(MakeFile(lease, store, progress).status());
    while (!progress->cancelled) std::this_thread::yield();
    return absl::CancelledError("stopped");
  }
  bool HasFile(const std::string& task) const {
    return std::filesystem::exists(folder_.path() / "jobs/j" / task / "file");
  }
  // What the farm heard of tasks, without joining and leaving.
  std::vector<std::string> Reports() const {
    std::vector<std::string> reports;
    for (const std::string& what : farm_.heard) {
      if (!what.starts_with("register") && !what.starts_with("leave")) reports.push_back(what);
    }
    return reports;
  }

  const TempFolder folder_;
  SimulatedClock clock_;
  SimulatedBell bell_{&clock_};
  FakeFarm farm_{&clock_};
  std::unique_ptr<Random> random_ = SeededRandom(1);
  AgentOptions options_;
  std::unique_ptr<Agent> agent_;
  int joined_ = 0;
};

TEST_F(AgentTest, RunsWhatItGetsAndLeaves) {
  AddTask("a");
  AddTask("b");
  ASSERT_TRUE(Run(MakeFile).ok());
  EXPECT_EQ(farm_.heard, (std::vector<std::string>{"register w", "complete a key", "complete b key",
                                                   "leave w"}));
  EXPECT_EQ(joined_, 1);
  EXPECT_TRUE(HasFile("a"));
}

TEST_F(AgentTest, GoesOnWithTheTaskThatTheAnswerToAReportBrings) {
  AddTask("a");
  AddTask("b");
  farm_.next_tasks.push_back(farm_.tasks.back());
  farm_.tasks.pop_back();
  // Lease is asked for the first task, and once more after the last.
  int asked = 0;
  farm_.on_idle = [&] {
    ++asked;
    agent_->Stop();
  };
  ASSERT_TRUE(Run(MakeFile).ok());
  EXPECT_EQ(farm_.heard, (std::vector<std::string>{"register w", "complete a key", "complete b key",
                                                   "leave w"}));
  EXPECT_EQ(asked, 1);
}

TEST_F(AgentTest, AWorkerThatEndsAsksForNoNextTask) {
  AddTask("a");
  AddTask("b");
  farm_.next_tasks.push_back(farm_.tasks.back());
  farm_.tasks.pop_back();
  ASSERT_TRUE(
      Run([&](const TaskLease& lease, const std::filesystem::path& store, TaskProgress* progress) {
        agent_->StopAfterTask();
        return MakeFile(lease, store, progress);
      }).ok());
  EXPECT_EQ(Reports(), (std::vector<std::string>{"complete a key"}));
  EXPECT_EQ(farm_.next_tasks.size(), 1u);
}

TEST_F(AgentTest, ATaskThatComesWhileTheWorkerEndsIsLeftToTheFarewell) {
  AddTask("a");
  AddTask("b");
  farm_.next_tasks.push_back(farm_.tasks.back());
  farm_.tasks.pop_back();
  farm_.on_complete = [&] { agent_->StopAfterTask(); };
  ASSERT_TRUE(Run(MakeFile).ok());
  EXPECT_EQ(farm_.heard, (std::vector<std::string>{"register w", "complete a key", "leave w"}));
  EXPECT_TRUE(farm_.next_tasks.empty());
}

TEST_F(AgentTest, WaitsForACoordinatorThatStartsLate) {
  for (int i = 0; i < 4; ++i) farm_.register_answers.push_back(absl::UnavailableError("not yet"));
  ASSERT_TRUE(Run(MakeFile).ok());
  EXPECT_EQ(joined_, 1);
}

TEST_F(AgentTest, GivesUpOnACoordinatorThatNeverStarts) {
  for (int i = 0; i < 1000; ++i) farm_.register_answers.push_back(absl::UnavailableError("no"));
  const int64_t start = clock_.MonotonicMicros();
  EXPECT_EQ(Run(MakeFile).code(), absl::StatusCode::kUnavailable);
  EXPECT_GE(clock_.MonotonicMicros() - start, 10 * kSecond);
  EXPECT_LE(clock_.MonotonicMicros() - start, 11 * kSecond);
  EXPECT_EQ(joined_, 0);
}

TEST_F(AgentTest, ARefusalEndsItAtOnce) {
  farm_.register_answers = {absl::PermissionDeniedError("who are you")};
  EXPECT_EQ(Run(MakeFile).code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(farm_.heard.size(), 1u);
}

TEST_F(AgentTest, RegistersAgainWithACoordinatorThatForgotIt) {
  farm_.lease_answers = {absl::UnavailableError("restarting"), absl::NotFoundError("who")};
  AddTask("a");
  ASSERT_TRUE(Run(MakeFile).ok());
  EXPECT_EQ(farm_.heard,
            (std::vector<std::string>{"register w", "register w", "complete a key", "leave w"}));
}

TEST_F(AgentTest, LeavesWhenItHasBeenIdle) {
  options_.exit_when_idle_micros = 600 * kSecond;
  farm_.on_idle = [] {};
  const int64_t start = clock_.MonotonicMicros();
  ASSERT_TRUE(Run(MakeFile).ok());
  EXPECT_EQ(clock_.MonotonicMicros() - start, 600 * kSecond);
  EXPECT_EQ(farm_.heard.back(), "leave w");
}

TEST_F(AgentTest, SaysWhenTheFarmHasNothingToDo) {
  options_.exit_when_idle_micros = 3 * options_.poll_micros;
  farm_.on_idle = [] {};
  AddTask("a");
  std::vector<std::string> heard_before;
  options_.on_idle = [&] { heard_before.push_back(farm_.heard.back()); };
  ASSERT_TRUE(Run(MakeFile).ok());
  EXPECT_EQ(heard_before, std::vector<std::string>(3, "complete a key"));
}

TEST_F(AgentTest, ACompletionWhoseReplyWasLostIsRepeated) {
  AddTask("a");
  farm_.complete_answers = {absl::UnavailableError("reply lost"),
                            absl::UnavailableError("reply lost")};
  ASSERT_TRUE(Run(MakeFile).ok());
  EXPECT_EQ(Reports(), std::vector<std::string>(3, "complete a key"));
  EXPECT_TRUE(HasFile("a"));
}

TEST_F(AgentTest, ACompletionGoesOnAfterTheCoordinatorForgotTheWorker) {
  AddTask("a");
  farm_.complete_answers = {absl::NotFoundError("who")};
  ASSERT_TRUE(Run(MakeFile).ok());
  EXPECT_EQ(farm_.heard, (std::vector<std::string>{"register w", "complete a key", "register w",
                                                   "complete a key", "leave w"}));
}

TEST_F(AgentTest, ARefusedResultIsLeftAlone) {
  AddTask("a");
  farm_.complete_answers = {absl::FailedPreconditionError("another attempt has won")};
  ASSERT_TRUE(Run(MakeFile).ok());
  EXPECT_EQ(Reports(), std::vector<std::string>{"complete a key"});
  // An earlier call of the same report may have been heard: the files may be the farm's.
  EXPECT_TRUE(HasFile("a"));
}

TEST_F(AgentTest, FilesThatDontMatchAreAFailureThatCanBeRetried) {
  AddTask("a");
  farm_.complete_answers = {absl::DataLossError("file has other bytes")};
  ASSERT_TRUE(Run(MakeFile).ok());
  EXPECT_EQ(Reports(), (std::vector<std::string>{"complete a key",
                                                 "fail a retryable : file has other bytes"}));
}

TEST_F(AgentTest, AFailureIsReportedUntilItIsHeardAndItsFilesGo) {
  AddTask("a");
  farm_.fail_answers = {absl::UnavailableError("away")};
  ASSERT_TRUE(Run([](const TaskLease& lease, const std::filesystem::path& store,
                     TaskProgress* progress) -> absl::StatusOr<Manifest> {
                SF_RETURN_IF_ERROR(MakeFile(lease, store, progress).status());
                return absl::InvalidArgumentError("no such film");
              }).ok());
  EXPECT_EQ(Reports(), std::vector<std::string>(2, "fail a permanent : no such film"));
  EXPECT_FALSE(HasFile("a"));
}

TEST_F(AgentTest, RenewsWhileItWorksAndTellsHowFarItIs) {
  AddTask("a");
  ASSERT_TRUE(Run([this](const TaskLease& lease, const std::filesystem::path& store,
                         TaskProgress* progress) {
                progress->frames_total = 9;
                progress->frames_done = 4;
                while (farm_.renewals < 20 || farm_.last_done != 4) std::this_thread::yield();
                return MakeFile(lease, store, progress);
              }).ok());
  EXPECT_EQ(farm_.last_total, 9);
  EXPECT_EQ(Reports(), std::vector<std::string>{"complete a key"});
}

TEST_F(AgentTest, ALostLeaseStopsTheTaskAndDropsItsWork) {
  AddTask("a");
  farm_.on_renew = [this] {
    return farm_.renewals < 3 ? absl::OkStatus() : absl::FailedPreconditionError("lost");
  };
  ASSERT_TRUE(Run(WorkUntilStopped).ok());
  EXPECT_TRUE(Reports().empty());
  EXPECT_FALSE(HasFile("a"));
}

TEST_F(AgentTest, ATaskSurvivesARestartOfTheCoordinator) {
  AddTask("a");
  farm_.on_renew = [this] {
    return farm_.renewals == 3 ? absl::NotFoundError("who") : absl::OkStatus();
  };
  ASSERT_TRUE(Run([this](const TaskLease& lease, const std::filesystem::path& store,
                         TaskProgress* progress) {
                while (farm_.renewals < 5) std::this_thread::yield();
                return MakeFile(lease, store, progress);
              }).ok());
  EXPECT_EQ(farm_.heard,
            (std::vector<std::string>{"register w", "register w", "complete a key", "leave w"}));
}

TEST_F(AgentTest, AResultOfALostLeaseIsntReportedAndStays) {
  AddTask("a");
  farm_.on_renew = [] { return absl::NotFoundError("no such lease"); };
  ASSERT_TRUE(
      Run([](const TaskLease& lease, const std::filesystem::path& store, TaskProgress* progress) {
        while (!progress->cancelled) std::this_thread::yield();
        return MakeFile(lease, store, progress);
      }).ok());
  EXPECT_TRUE(Reports().empty());
  EXPECT_TRUE(HasFile("a"));  // the farm may have found it by now
}

TEST_F(AgentTest, StopsItsTaskBeforeALeaseRunsOutThatItCannotRenew) {
  AddTask("a");
  std::atomic<TaskProgress*> running{nullptr};
  std::atomic<int64_t> renewed_at{0};
  farm_.on_renew = [&] {
    while (running == nullptr) std::this_thread::yield();
    if (farm_.renewals <= 2) {
      renewed_at = clock_.MonotonicMicros();
      return absl::OkStatus();
    }
    // Nobody answers for as long as the agent is ready to wait.
    clock_.Advance(farm_.last_timeout);
    return absl::UnavailableError("away");
  };
  // The agent waits for the task as soon as it has stopped it.
  int64_t stopped_at = 0;
  bell_.on_wait = [&] {
    TaskProgress* const progress = running;
    if (stopped_at == 0 && progress != nullptr && progress->cancelled) {
      stopped_at = clock_.MonotonicMicros();
    }
  };
  ASSERT_TRUE(Run([&](const TaskLease&, const std::filesystem::path&,
                      TaskProgress* progress) -> absl::StatusOr<Manifest> {
                running = progress;
                // Longer than the agent's first wait for it.
                while (!progress->cancelled ||
                       clock_.MonotonicMicros() < renewed_at + 28 * kSecond) {
                  std::this_thread::yield();
                }
                return absl::CancelledError("stopped");
              }).ok());
  EXPECT_GT(farm_.renewals, 3);
  EXPECT_EQ(stopped_at, renewed_at + 27 * kSecond);
  EXPECT_TRUE(Reports().empty());
}

TEST_F(AgentTest, HandsItsTaskBackWhenItIsStopped) {
  AddTask("a");
  AddTask("b");
  farm_.on_renew = [this] {
    agent_->Stop();
    return absl::OkStatus();
  };
  options_.stop_grace_micros = int64_t{1} << 60;
  ASSERT_TRUE(Run(WorkUntilStopped).ok());
  EXPECT_EQ(farm_.heard, (std::vector<std::string>{"register w", "hand back a", "leave w"}));
  EXPECT_FALSE(HasFile("a"));
}

TEST_F(AgentTest, FinishesItsTaskAndTakesNoOtherOnNotice) {
  AddTask("a");
  AddTask("b");
  farm_.on_renew = [this] {
    agent_->StopAfterTask();
    return absl::OkStatus();
  };
  ASSERT_TRUE(Run([this](const TaskLease& lease, const std::filesystem::path& store,
                         TaskProgress* progress) {
                while (farm_.renewals < 2) std::this_thread::yield();
                return MakeFile(lease, store, progress);
              }).ok());
  EXPECT_EQ(farm_.heard, (std::vector<std::string>{"register w", "complete a key", "leave w"}));
}

TEST_F(AgentTest, ATaskThatFinishesAsItIsStoppedStillCounts) {
  AddTask("a");
  farm_.on_renew = [this] {
    agent_->Stop();
    return absl::OkStatus();
  };
  options_.stop_grace_micros = int64_t{1} << 60;
  ASSERT_TRUE(
      Run([](const TaskLease& lease, const std::filesystem::path& store, TaskProgress* progress) {
        while (!progress->cancelled) std::this_thread::yield();
        return MakeFile(lease, store, progress);
      }).ok());
  EXPECT_EQ(Reports(), std::vector<std::string>{"complete a key"});
}

TEST_F(AgentTest, EndsWhereATaskWontStopAfterItsLeaseIsLost) {
  AddTask("a");
  farm_.on_renew = [] { return absl::FailedPreconditionError("lost"); };
  options_.stuck_grace_micros = 60 * kSecond;
  const auto released = std::make_shared<std::atomic<bool>>(false);
  const absl::Status status = Run([released](const TaskLease&, const std::filesystem::path&,
                                             TaskProgress*) -> absl::StatusOr<Manifest> {
    while (!*released) std::this_thread::yield();
    return absl::CancelledError("stopped");
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  // The last thing that the thread does is to ring.
  const int rings = bell_.rings;
  *released = true;
  while (bell_.rings == rings) std::this_thread::yield();
}

TEST_F(AgentTest, PausesAfterATaskThatFailedForWantOfADisk) {
  AddTask("a");
  AddTask("b");
  AddTask("c");
  std::vector<int64_t> starts;
  ASSERT_TRUE(Run([&](const TaskLease&, const std::filesystem::path&,
                      TaskProgress*) -> absl::StatusOr<Manifest> {
                starts.push_back(clock_.MonotonicMicros());
                return absl::ResourceExhaustedError("the disk is full");
              }).ok());
  ASSERT_EQ(starts.size(), 3);
  EXPECT_GE(starts[1] - starts[0], kSecond / 2);
  EXPECT_GE(starts[2] - starts[1], kSecond);
}

TEST_F(AgentTest, DoesNotWaitForATaskThatWontStop) {
  AddTask("a");
  farm_.on_renew = [this] {
    agent_->Stop();
    return absl::OkStatus();
  };
  const auto released = std::make_shared<std::atomic<bool>>(false);
  const auto ended = std::make_shared<std::atomic<bool>>(false);
  const absl::Status status = Run([released, ended](const TaskLease&, const std::filesystem::path&,
                                                    TaskProgress*) -> absl::StatusOr<Manifest> {
    while (!*released) std::this_thread::yield();
    *ended = true;
    return absl::CancelledError("stopped");
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(farm_.heard, (std::vector<std::string>{"register w", "hand back a", "leave w"}));
  *released = true;
  while (!*ended) std::this_thread::yield();
}

TEST(FailureTest, CodesHaveClasses) {
  const auto class_of = [](const absl::Status& status) { return ReportOf(status).failure; };
  EXPECT_EQ(class_of(absl::InvalidArgumentError("")), FailureClass::kPermanent);
  EXPECT_EQ(class_of(absl::NotFoundError("")), FailureClass::kStorageAway);
  EXPECT_EQ(class_of(absl::PermissionDeniedError("")), FailureClass::kStorageAway);
  EXPECT_EQ(class_of(absl::UnavailableError("")), FailureClass::kStorageAway);
  EXPECT_EQ(class_of(absl::ResourceExhaustedError("")), FailureClass::kStorageFull);
  EXPECT_EQ(class_of(OutOfMemory("")), FailureClass::kDeviceMemory);
  EXPECT_EQ(class_of(Annotate(OutOfMemory(""), "film.mkv")), FailureClass::kDeviceMemory);
  EXPECT_EQ(class_of(absl::InternalError("")), FailureClass::kRetryable);
  EXPECT_EQ(class_of(absl::DataLossError("")), FailureClass::kRetryable);
  const FailureReport damaged = ReportOf(DamagedResult("depth/a", absl::DataLossError("x")));
  EXPECT_EQ(damaged.failure, FailureClass::kInputDamaged);
  EXPECT_EQ(damaged.damaged_task, "depth/a");
}

}  // namespace
}  // namespace stereofarm
