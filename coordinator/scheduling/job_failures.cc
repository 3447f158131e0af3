// JobEngine: what becomes of attempts that fail.
#include <algorithm>
#include <optional>
#include <set>

#include "absl/strings/str_format.h"
#include "common/base/log.h"
#include "coordinator/scheduling/attempt_ref.h"
#include "coordinator/scheduling/failure_rules.h"
#include "coordinator/scheduling/job_engine.h"
#include "coordinator/scheduling/legal_moves.h"
#include "coordinator/scheduling/result_check.h"
#include "coordinator/scheduling/task_spec.h"

namespace stereofarm {
namespace {

// Missing ranges that a job's error names one by one.
constexpr size_t kMissingNamed = 3;

std::string FramesText(const FrameRange& frames) {
  return absl::StrFormat("%d to %d", frames.begin, frames.end - 1);
}

}  // namespace

absl::StatusOr<Setback> JobEngine::SetbackOf(const TaskRecord& task, FailureClass failure,
                                             const std::string& message) {
  const FailureRule& rule = RuleOf(failure);
  Setback setback;
  setback.error = message;
  if (rule.elsewhere) setback.avoid_worker = task.worker;
  setback.smaller = rule.smaller && task.memory_step < kMostMemorySteps;
  if (rule.patient && !options_.is_private) return setback;
  // On one machine nothing is mounted later that isn't there now.
  const int64_t free = options_.is_private ? kMostFailures : kMostFreeFailures;
  setback.counts = rule.counts || (rule.smaller && !setback.smaller) || task.free_failures >= free;
  if (failure == FailureClass::kWorkerLost) {
    // Where workers die at one task after the other it's not this task that kills them.
    SF_ASSIGN_OR_RETURN(const std::vector<FailureRecord> failures,
                        store_->failures().OfTask(task.job, task.name));
    int64_t own = 0;
    int64_t first = 0;
    for (const FailureRecord& earlier : failures) {
      if (earlier.failure != FailureClass::kWorkerLost) continue;
      if (own++ == 0) first = earlier.wall_micros;
    }
    SF_ASSIGN_OR_RETURN(const int64_t others,
                        store_->failures().LostElsewhere(task.job, task.name, first));
    setback.counts = 2 * others < own;
  }
  setback.free = !setback.counts;
  return setback;
}

absl::Status JobEngine::FailAttempt(const TaskRecord& task, FailureClass failure,
                                    const std::string& message) {
  const KnownWorker* worker = workers_.Find(task.worker);
  const std::string name = worker == nullptr ? task.worker : worker->record.name;
  SF_LOG(kWarning) << "job " << task.job << ": " << task.name << " failed on " << name << " ("
                   << FailureClassName(failure) << "): " << message;
  SF_RETURN_IF_ERROR(store_->failures().Add(
      {AttemptOf(task), task.worker, name, failure, message, parts_.clock->WallMicros()}));
  SF_ASSIGN_OR_RETURN(Setback setback, SetbackOf(task, failure, message));
  if (RuleOf(failure).patient && !options_.is_private) runs_[task.job].patience = message;
  const bool told = failure != FailureClass::kWorkerLost && failure != FailureClass::kStalled;
  if (RuleOf(failure).fails_job) {
    SF_RETURN_IF_ERROR(Release(task, TaskState::kFailed, setback, told));
    return flow_.Fail(task.job, message);
  }
  if (!setback.counts || task.failures + 1 < kMostFailures) {
    return Release(task, TaskState::kReady, setback, told);
  }
  const std::filesystem::path log = options_.store / AttemptLog(task.job, task.name, task.epoch);
  setback.error = absl::StrFormat("%s failed %d times, the last time on %s: %s; its log is %s",
                                  task.name, kMostFailures, name, message, log.string());
  SF_LOG(kError) << "job " << task.job << ": " << task.name
                 << " is put aside, the rest of the film goes on";
  return Release(task, TaskState::kFailed, setback, told);
}

absl::Status JobEngine::Fail(const std::string& worker, const AttemptRef& attempt,
                             FailureClass failure, const std::string& message,
                             const std::string& damaged_task) {
  if (failure == FailureClass::kWorkerLost || failure == FailureClass::kStalled) {
    return absl::InvalidArgumentError(
        absl::StrFormat("'%s' is not for a worker to say", FailureClassName(failure)));
  }
  const auto check = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) -> absl::StatusOr<TaskRecord> {
    SF_RETURN_IF_ERROR(Heard(worker).status());
    SF_ASSIGN_OR_RETURN(TaskRecord task, LeasedRow(attempt));
    if (task.worker != worker) return LeaseLost(attempt);
    return task;
  };
  if (failure == FailureClass::kInputDamaged) {
    {
      absl::MutexLock lock(&mutex_);
      SF_RETURN_IF_ERROR(check().status());
    }
    return FailOnInput(attempt, message, damaged_task);
  }
  return Change([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) -> absl::Status {
    SF_ASSIGN_OR_RETURN(const TaskRecord task, check());
    return FailAttempt(task, failure, message);
  });
}

absl::Status JobEngine::FailOnInput(const AttemptRef& attempt, const std::string& message,
                                    const std::string& damaged_task) {
  std::optional<TaskRecord> producer;
  {
    absl::MutexLock lock(&mutex_);
    SF_ASSIGN_OR_RETURN(producer, store_->tasks().Get(attempt.job, damaged_task));
  }
  // A worker that can't read what the coordinator can has a fault of its own.
  absl::Status input = absl::OkStatus();
  if (producer && producer->state == TaskState::kDone && !producer->committed_directory.empty()) {
    const absl::StatusOr<Manifest> manifest =
        parts_.files->ReadManifest(producer->committed_directory, kCommittedFile);
    input = manifest.ok() ? parts_.files->Check(producer->committed_directory, *manifest)
                          : manifest.status();
  }
  return Change([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) -> absl::Status {
    SF_ASSIGN_OR_RETURN(const TaskRecord task, LeasedRow(attempt));
    if (!producer || (producer->state == TaskState::kDone && input.ok())) {
      return FailAttempt(task, FailureClass::kRetryable, message);
    }
    SF_ASSIGN_OR_RETURN(const std::optional<TaskRecord> now,
                        store_->tasks().Get(attempt.job, damaged_task));
    if (now && now->state == TaskState::kDone && now->epoch == producer->epoch) {
      SF_RETURN_IF_ERROR(flow_.OnDamaged(*now, std::string(input.message())));
    }
    SF_ASSIGN_OR_RETURN(const std::optional<JobRecord> job, store_->jobs().Get(attempt.job));
    if (!job || !IsUnfinished(job->state)) return absl::OkStatus();
    SF_ASSIGN_OR_RETURN(const std::optional<TaskSpec> spec, SpecOfTask(store_, *job, task));
    return Release(task, spec ? TaskState::kReady : TaskState::kWaiting, {}, /*told=*/true);
  });
}

absl::Status JobEngine::BlameThoseWhoFailed(const TaskRecord& task) {
  workers_.Blame(task.worker, -1);
  if (task.failures + task.free_failures == 0) return absl::OkStatus();
  SF_ASSIGN_OR_RETURN(const std::vector<FailureRecord> failures,
                      store_->failures().OfTask(task.job, task.name));
  std::set<std::string> blamed;
  for (const FailureRecord& failure : failures) {
    if (failure.worker == task.worker || !RuleOf(failure.failure).blames_worker) continue;
    if (!blamed.insert(failure.worker).second) continue;
    if (workers_.Blame(failure.worker, 1) < kMostBlame) continue;
    const KnownWorker* worker = workers_.Find(failure.worker);
    if (worker == nullptr || worker->record.state != WorkerState::kActive) continue;
    const std::string reason = absl::StrFormat(
        "failed %d tasks that other workers then did, the last: %s", kMostBlame, failure.message);
    SF_LOG(kError) << "worker " << worker->record.name << " is put aside: " << reason;
    SF_RETURN_IF_ERROR(SetWorkerState(failure.worker, WorkerState::kAside, reason));
  }
  return absl::OkStatus();
}

absl::Status JobEngine::EndJobsWithNothingLeft() {
  std::vector<std::string> jobs;
  {
    absl::MutexLock lock(&mutex_);
    SF_ASSIGN_OR_RETURN(jobs, store_->tasks().JobsWithNothingButFailures());
    std::erase_if(jobs, [&](const std::string& job) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return std::any_of(at_work_.begin(), at_work_.end(),
                         [&](const auto& chore) { return std::get<1>(chore.first) == job; });
    });
  }
  if (jobs.empty()) return absl::OkStatus();
  return Change([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) -> absl::Status {
    SF_ASSIGN_OR_RETURN(const std::vector<std::string> still,
                        store_->tasks().JobsWithNothingButFailures());
    for (const std::string& job : jobs) {
      if (std::find(still.begin(), still.end(), job) == still.end()) continue;
      SF_ASSIGN_OR_RETURN(const std::vector<TaskRecord> failed,
                          store_->tasks().Failed(job, kMostMissing));
      std::string missing;
      for (size_t i = 0; i < std::min(failed.size(), kMissingNamed); ++i) {
        missing += (i == 0 ? "" : ", ") + FramesText(failed[i].core);
      }
      if (failed.size() > kMissingNamed) {
        missing += absl::StrFormat(" and %d more ranges", failed.size() - kMissingNamed);
      }
      SF_RETURN_IF_ERROR(flow_.Fail(
          job, absl::StrFormat("frames %s are missing, all that doesn't need them is done; mend "
                               "the cause and retry the job to make only these: %s",
                               missing, failed.empty() ? "" : failed.front().error)));
    }
    return absl::OkStatus();
  });
}

// ---- time ------------------------------------------------------------------------------------

absl::Status JobEngine::EndLease(const AttemptRef& attempt, int64_t now_micros) {
  const HeldLease* held = leases_.Find(attempt);
  if (held == nullptr || held->deadline_micros > now_micros || held->checking > 0) {
    return absl::OkStatus();
  }
  const bool after_restart = held->after_restart;
  SF_ASSIGN_OR_RETURN(const TaskRecord task, LeasedRow(attempt));
  // Not the task's fault if the coordinator was away.
  if (after_restart) return Release(task, TaskState::kReady, {}, /*told=*/false);
  return FailAttempt(task, FailureClass::kWorkerLost,
                     absl::StrFormat("its worker was silent for %.1f s",
                                     static_cast<double>(options_.lease_micros) * 1e-6));
}

absl::Status JobEngine::EndStalled(int64_t now_micros) {
  std::vector<std::pair<AttemptRef, std::string>> stalled;
  {
    absl::MutexLock lock(&mutex_);
    for (const HeldLease& lease : leases_.All()) {
      if (lease.checking > 0) continue;
      const StageSpeed& speed = runs_[lease.attempt.job].speeds[lease.kind];
      const int64_t still = now_micros - lease.progress_micros;
      const int64_t all = now_micros - lease.started_micros;
      if (still > speed.StallLimitMicros()) {
        stalled.emplace_back(lease.attempt,
                             absl::StrFormat("no frame for %d s", still / 1'000'000));
      } else if (all > speed.TaskLimitMicros(lease.frames)) {
        stalled.emplace_back(
            lease.attempt,
            absl::StrFormat("not done after %d s, where %d are usual", all / 1'000'000,
                            speed.ExpectedMicros(lease.frames) / 1'000'000));
      }
    }
  }
  for (const auto& [attempt, message] : stalled) {
    SF_RETURN_IF_ERROR(Change([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) -> absl::Status {
      const HeldLease* held = leases_.Find(attempt);
      if (held == nullptr || held->checking > 0) return absl::OkStatus();
      SF_ASSIGN_OR_RETURN(const TaskRecord task, LeasedRow(attempt));
      return FailAttempt(task, FailureClass::kStalled, message);
    }));
  }
  return absl::OkStatus();
}

}  // namespace stereofarm
