#include "tests/bench/scale_limits.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>

#include "absl/strings/str_format.h"
#include "common/base/log.h"
#include "coordinator/store/farm_store.h"

namespace stereofarm {

double RawCyclesPerSecond(const std::filesystem::path& folder, int cycles) {
  auto opened = FarmStore::Open(folder / "raw.db");
  SF_CHECK(opened.ok());
  FarmStore* store = opened->get();
  JobRecord job;
  job.id = "job";
  job.settings.outputs = {{Layout::kSbs, "out.mkv"}};
  const auto change = [&](const std::function<void()>& body) {
    FarmStore::Change transaction(store);
    SF_CHECK(transaction.begun().ok());
    body();
    SF_CHECK(transaction.Commit().ok());
  };
  change([&] {
    SF_CHECK(store->jobs().Insert(job).ok());
    for (int i = 0; i < cycles; ++i) {
      TaskRecord task;
      task.job = job.id;
      task.core = {i * 96, (i + 1) * 96};
      task.name = absl::StrFormat("depth/%s", RangeName(task.core));
      task.kind = TaskKind::kDepth;
      task.state = TaskState::kReady;
      task.stage_basis = std::string(64, 'b');
      SF_CHECK(store->tasks().Insert(task).ok());
    }
  });
  const std::string lease_id(32, 'l');
  const double begin = Seconds();
  for (int i = 0; i < cycles; ++i) {
    AttemptRef attempt;
    change([&] {
      const auto task = store->tasks().Claim(job.id, {"worker", "class"}, lease_id);
      SF_CHECK(task.ok() && task->has_value());
      attempt = {job.id, (*task)->name, (*task)->epoch, lease_id};
    });
    change([&] {
      SF_CHECK(*store->tasks().Finish(attempt, {std::string(64, 'k'), "class", attempt.task, 1}));
    });
    change([&] { SF_CHECK(*store->tasks().Publish(attempt)); });
  }
  return cycles / (Seconds() - begin);
}

Stretch CallNothing(const std::vector<std::unique_ptr<LoadWorker>>& workers, int calls,
                    pid_t coordinator) {
  std::atomic<int64_t> done = 0;
  const int64_t all = calls * static_cast<int64_t>(workers.size());
  const Spent before = SpentSoFar(coordinator);
  const double begin = Seconds();
  for (const auto& worker : workers) worker->BeginEmptyCalls(calls, &done);
  while (done != all) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  return {static_cast<double>(all), Seconds() - begin, SpentSoFar(coordinator) - before, {}};
}

}  // namespace stereofarm
