#ifndef STEREOFARM_TESTS_UNIT_COORDINATOR_FARM_FIXTURE_H_
#define STEREOFARM_TESTS_UNIT_COORDINATOR_FARM_FIXTURE_H_

#include <gtest/gtest.h>

#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "coordinator/scheduling/attempt_files.h"
#include "coordinator/scheduling/background.h"
#include "coordinator/scheduling/job_engine.h"
#include "coordinator/store/farm_store.h"
#include "tests/support/simulated_clock.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/coordinator/fake_films.h"
#include "tests/unit/coordinator/fake_worker.h"

namespace stereofarm {

// Work that is done when the test says so.
class ManualBackground : public Background {
 public:
  void Run(std::function<void()> work) override { queue_.push_back(std::move(work)); }
  // True: there was something to do.
  bool RunOne() {
    if (queue_.empty()) return false;
    const std::function<void()> work = std::move(queue_.front());
    queue_.pop_front();
    work();
    return true;
  }
  void RunAll() {
    while (RunOne()) {
    }
  }
  void DropAll() { queue_.clear(); }

 private:
  std::deque<std::function<void()>> queue_;
};

// A farm in a folder of its own: a true database and true files, fake films and workers, time and
// background work in the test's hands.
class FarmFixture : public ::testing::Test {
 protected:
  static constexpr int64_t kSecond = 1'000'000;
  static constexpr int64_t kLease = 30 * kSecond;
  static constexpr int64_t kGrace = 60 * kSecond;

  FarmFixture();
  ~FarmFixture() override;

  // Opens the database and starts an engine; what was before is dropped as by a crash.
  void StartFarm();
  // A crash and a new start on the same folders.
  void RestartFarm() { StartFarm(); }

  JobSettings Settings() const;
  std::string Submit(const JobSettings& settings);
  std::string Continue(const JobSettings& settings);
  FakeWorker NewWorker(const std::string& id, const std::string& numeric_class = "cpu-a");
  // Leases, background work done before.
  std::optional<TaskLease> LeaseOf(const FakeWorker& worker);
  // The next task is of this kind and gets leased.
  TaskLease MustLease(const FakeWorker& worker);
  absl::Status Complete(const FakeWorker& worker, const TaskLease& lease);
  absl::Status FailWith(const FakeWorker& worker, const TaskLease& lease, FailureClass failure,
                        const std::string& message, const std::string& damaged_task = "");
  // Does tasks until none is left; how many.
  int Work(const FakeWorker& worker);
  // Does tasks until one of this kind is leased, which is given back undone.
  TaskLease WorkUntil(const FakeWorker& worker, TaskKind kind);

  JobReport Report(const std::string& job);
  JobState StateOf(const std::string& job) { return Report(job).job.state; }
  TaskRecord Task(const std::string& job, const std::string& name);
  std::string Output() const { return (root_ / "films" / "out.mkv").string(); }
  std::string FilmText() const;

  TempFolder folder_;
  const std::filesystem::path root_ = folder_.path();
  const std::filesystem::path store_folder_ = root_ / "store";
  EngineOptions options_;
  std::set<int64_t> cuts_ = {100};
  SimulatedClock clock_;
  std::unique_ptr<Random> random_ = SeededRandom(1);
  FakeFilms films_;
  std::unique_ptr<StoreFiles> files_;
  ManualBackground background_;
  DiskGuard* disks_ = nullptr;
  std::unique_ptr<FarmStore> store_;
  std::unique_ptr<JobEngine> engine_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_TESTS_UNIT_COORDINATOR_FARM_FIXTURE_H_
