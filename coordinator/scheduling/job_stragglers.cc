// JobEngine: tasks that keep the others waiting.
//
// At a barrier (a shot's last depth, a film's last segment) idle workers wait for the slowest. One
// that is far slower than its like is started a second time elsewhere: its lease is taken away, and
// the next epoch makes whatever the first one still says or writes count for nothing. Only the
// second goes on, since it is through sooner and two of a task would be work for nothing.
#include <algorithm>
#include <optional>

#include "common/base/log.h"
#include "coordinator/scheduling/attempt_ref.h"
#include "coordinator/scheduling/job_engine.h"
#include "coordinator/scheduling/task_spec.h"

namespace stereofarm {

// A task that was slow on so many workers is a slow task: taken from the next one too, it would
// never be done.
constexpr int kMostStartsAgain = 2;

bool JobEngine::IsStraggler(const HeldLease& lease, int64_t now_micros) {
  if (lease.checking > 0 || lease.after_restart) return false;
  JobRun& run = runs_[lease.attempt.job];
  const auto starts = run.started_again.find(lease.attempt.task);
  if (starts != run.started_again.end() && starts->second >= kMostStartsAgain) return false;
  return run.speeds[lease.kind].WorthStartingAgain(lease.frames, now_micros - lease.started_micros,
                                                   lease.frames_done, lease.frames_total);
}

absl::StatusOr<std::optional<HeldLease>> JobEngine::StragglerFor(
    const KnownWorker& worker, const std::vector<std::string>& jobs) {
  if (!stragglers_) return std::nullopt;
  const int64_t now = parts_.clock->MonotonicMicros();
  for (const std::string& job : jobs) {
    for (const HeldLease& lease : leases_.OfJob(job)) {
      if (lease.worker == worker.record.id || !IsStraggler(lease, now)) continue;
      SF_ASSIGN_OR_RETURN(const TaskRecord task, LeasedRow(lease.attempt));
      const bool fits =
          task.shot_begin == kNoShot || task.numeric_class == worker.record.numeric_class;
      if (!fits || task.avoid_worker == worker.record.id) continue;
      // While an input is being made again nobody else could begin.
      SF_ASSIGN_OR_RETURN(const std::optional<JobRecord> record, store_->jobs().Get(job));
      if (!record) continue;
      SF_ASSIGN_OR_RETURN(const std::optional<TaskSpec> spec, SpecOfTask(store_, *record, task));
      if (spec) return lease;
    }
  }
  return std::nullopt;
}

absl::StatusOr<std::optional<TaskLease>> JobEngine::LeaseStraggler(
    const KnownWorker& worker, const std::vector<std::string>& jobs) {
  SF_ASSIGN_OR_RETURN(const std::optional<HeldLease> straggler, StragglerFor(worker, jobs));
  std::optional<TaskLease> lease;
  if (!straggler) return lease;
  SF_RETURN_IF_ERROR(ChangeLocked([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) -> absl::Status {
    SF_ASSIGN_OR_RETURN(const TaskRecord task, LeasedRow(straggler->attempt));
    SF_LOG(kInfo) << "job " << task.job << ": " << task.name << " is slow and starts again on "
                  << worker.record.name;
    Setback setback;
    setback.avoid_worker = task.worker;
    ++runs_[task.job].started_again[task.name];
    SF_RETURN_IF_ERROR(Release(task, TaskState::kReady, setback, /*told=*/false));
    SF_ASSIGN_OR_RETURN(lease, ClaimFrom(task.job, worker));
    return absl::OkStatus();
  }));
  return lease;
}

void JobEngine::LookForStragglers(int64_t now_micros) {
  News news;
  {
    absl::MutexLock lock(&mutex_);
    const std::vector<HeldLease> held = leases_.All();
    stragglers_ = std::any_of(held.begin(), held.end(),
                              [&](const HeldLease& lease) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
                                return IsStraggler(lease, now_micros);
                              });
    if (stragglers_) desk_.NoteReady();
    news = TakeNews();
  }
  Tell(news);
}

}  // namespace stereofarm
