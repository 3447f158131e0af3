#ifndef STEREOFARM_WORKER_AGENT_AGENT_H_
#define STEREOFARM_WORKER_AGENT_AGENT_H_

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "common/base/backoff.h"
#include "common/base/clock.h"
#include "common/base/random.h"
#include "worker/agent/bell.h"
#include "worker/agent/farm_client.h"
#include "worker/stages/task_run.h"

namespace stereofarm {

// Makes a task's files; TaskFiles::Run in the worker. Runs on a thread of its own, one at a time;
// ends soon after `progress` is cancelled.
using TaskRunner = std::function<absl::StatusOr<Manifest>(
    const TaskLease& lease, const std::filesystem::path& store, TaskProgress* progress)>;

// Removes what an attempt wrote that came to nothing; TaskFiles::Drop in the worker.
using TaskDropper = std::function<void(const TaskLease& lease)>;

struct AgentOptions {
  WorkerInfo info;
  int64_t poll_micros = 20'000'000;           // how long one call waits for a task
  int64_t first_contact_micros = 10'000'000;  // how long a coordinator may take to appear at first
  int64_t exit_when_idle_micros = 0;          // 0: never
  int64_t stop_grace_micros = 1'000'000;      // for a task to end when the worker is stopped
  // For a task to end whose lease is lost. One that is still at it sits in foreign code: the
  // process ends, so that the device is free before anything else is put on it.
  int64_t stuck_grace_micros = 60'000'000;
  // Called, where it's given, when the farm has had nothing to do for poll_micros: the time to let
  // go of what only makes the next task faster.
  std::function<void()> on_idle;
};

// One worker's life: registers, takes a task, minds its lease while it runs, reports it until the
// report is acknowledged, and again. A lease that can't be renewed ends its task before the lease
// does: nobody else can hold the task while this worker still believes that it does.
class Agent {
 public:
  // What is given must outlive the agent.
  Agent(AgentOptions options, FarmClient* farm, TaskRunner runner, TaskDropper dropper,
        Clock* clock, Random* random, Bell* bell);

  // Until Stop, or for exit_when_idle: OK, with everything handed back. Else why the farm couldn't
  // be joined or refuses this worker. Deadline exceeded: the task didn't end within the grace after
  // Stop; its thread still runs, and the process should end. `on_joined` is called once.
  absl::Status Run(const std::function<void()>& on_joined);

  // From any thread, any number of times. The task in hand is given back.
  void Stop();
  // The same, once the task in hand is finished and reported.
  void StopAfterTask();

 private:
  struct Attempt;
  enum class Ending { kFinished, kLost, kStopped };

  absl::Status Join(int64_t patience_micros);
  // Takes and runs tasks until there's a reason to end.
  absl::Status Work();
  // The task that the last report's answer brought, or what the farm answers within the time.
  absl::StatusOr<std::optional<TaskLease>> NextTask(int64_t wait_micros);
  absl::Status RunLease(const TaskLease& lease);
  Ending Mind(Attempt* attempt);
  absl::Status AwaitTask(Attempt* attempt, int64_t grace_micros);
  void Report(Attempt* attempt);
  // Calls until there's an answer: again while nobody is there, after registering anew where the
  // worker isn't known. While stopping, once.
  absl::Status Deliver(const std::function<absl::Status()>& call);

  const AgentOptions options_;
  FarmClient* const farm_;
  const TaskRunner runner_;
  const TaskDropper dropper_;
  Clock* const clock_;
  Random* const random_;
  Bell* const bell_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> last_task_{false};
  bool storage_failed_ = false;  // the last task did, for want of a disk
  std::optional<TaskLease> next_;
  Registration registration_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_WORKER_AGENT_AGENT_H_
