// JobEngine: taking results in.
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/base/log.h"
#include "coordinator/scheduling/attempt_ref.h"
#include "coordinator/scheduling/job_engine.h"
#include "coordinator/scheduling/result_check.h"
#include "coordinator/scheduling/task_spec.h"

namespace stereofarm {
namespace {

bool IsAttempt(const TaskRecord& task, const AttemptRef& attempt) {
  return task.epoch == attempt.epoch && task.lease_id == attempt.lease_id;
}

}  // namespace

absl::Status JobEngine::Complete(const std::string& worker, const AttemptRef& attempt,
                                 const Manifest& manifest, double seconds) {
  {
    absl::MutexLock lock(&mutex_);
    SF_RETURN_IF_ERROR(Heard(worker).status());
  }
  return TakeResult(worker, attempt, manifest, seconds);
}

absl::Status JobEngine::Adopt(const HeldLease& lease) {
  const AttemptRef& attempt = lease.attempt;
  const absl::StatusOr<Manifest> manifest = parts_.files->ReadManifest(
      AttemptDirectory(attempt.job, attempt.task, attempt.epoch, attempt.lease_id), kManifestFile);
  SF_RETURN_IF_ERROR(manifest.status());
  SF_LOG(kInfo) << "job " << attempt.job << ": " << attempt.task
                << " was finished by a worker that never said so";
  const int64_t micros = parts_.clock->MonotonicMicros() - lease.started_micros;
  return TakeResult(lease.worker, attempt, *manifest, static_cast<double>(micros) * 1e-6);
}

absl::Status JobEngine::TakeResult(const std::string& worker, const AttemptRef& attempt,
                                   const Manifest& manifest, double seconds) {
  const std::string directory =
      AttemptDirectory(attempt.job, attempt.task, attempt.epoch, attempt.lease_id);
  ResultCheck check;
  {
    absl::MutexLock lock(&mutex_);
    SF_ASSIGN_OR_RETURN(const std::optional<TaskRecord> row,
                        store_->tasks().Get(attempt.job, attempt.task));
    // Said again, since the first answer got lost.
    if (row && row->state == TaskState::kDone && IsAttempt(*row, attempt)) return absl::OkStatus();
    SF_ASSIGN_OR_RETURN(check.task, LeasedRow(attempt));
    SF_ASSIGN_OR_RETURN(const std::optional<JobRecord> job, store_->jobs().Get(attempt.job));
    HeldLease* lease = leases_.Find(attempt);
    if (!job || lease == nullptr || lease->worker != worker) {
      return LeaseLost(attempt);
    }
    check.settings = job->settings;
    check.full = check.task.core;
    if (check.task.kind == TaskKind::kDepth) {
      SF_ASSIGN_OR_RETURN(const std::optional<TaskSpec> spec, SpecOfTask(store_, *job, check.task));
      // Without one the plan has moved on; what the attempt began with still counts for its files.
      if (spec) check.full = spec->shard.full;
    }
    ++lease->checking;
  }
  absl::Status status = CheckManifest(check, check.task.numeric_class, manifest, parts_.films);
  if (status.ok()) {
    status =
        CheckResultFiles(check, options_.store, directory, manifest, parts_.files, parts_.films);
  }
  const absl::Status bad = status;
  bool is_checking = true;
  const auto end_check = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    HeldLease* lease = leases_.Find(attempt);
    if (std::exchange(is_checking, false) && lease != nullptr) --lease->checking;
  };
  status = Change([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) -> absl::Status {
    end_check();
    if (!bad.ok()) {
      SF_ASSIGN_OR_RETURN(const TaskRecord task, LeasedRow(attempt));
      return FailAttempt(task, FailureClass::kRetryable, std::string(bad.message()));
    }
    return Finish(check.task, manifest, directory, seconds);
  });
  if (is_checking) {
    // The change couldn't even begin: the lease must be able to end all the same.
    absl::MutexLock lock(&mutex_);
    end_check();
  }
  if (!bad.ok()) return bad;
  SF_RETURN_IF_ERROR(status);
  if (absl::Status published = Publish(attempt, directory, manifest); !published.ok()) {
    // The result counts; Tick tries again.
    SF_LOG(kError) << "cannot publish " << directory << ": " << published.message();
  }
  return absl::OkStatus();
}

absl::Status JobEngine::Finish(const TaskRecord& task, const Manifest& manifest,
                               const std::string& directory, double seconds) {
  const AttemptRef attempt = AttemptOf(task);
  SF_ASSIGN_OR_RETURN(const bool finished,
                      store_->tasks().Finish(attempt, {manifest.stage_key, manifest.numeric_class,
                                                       directory, seconds}));
  if (finished) {
    if (const HeldLease* held = leases_.Find(attempt)) {
      runs_[attempt.job].speeds[held->kind].Add(
          held->core.size(), parts_.clock->MonotonicMicros() - held->started_micros);
    }
    leases_.Drop(attempt.job, attempt.task);
    SF_RETURN_IF_ERROR(BlameThoseWhoFailed(task));
    publishing_.insert({attempt.job, attempt.task});
    return absl::OkStatus();
  }
  SF_ASSIGN_OR_RETURN(const std::optional<TaskRecord> row,
                      store_->tasks().Get(attempt.job, attempt.task));
  if (row && row->state == TaskState::kDone && IsAttempt(*row, attempt)) return absl::OkStatus();
  return LeaseLost(attempt);
}

absl::Status JobEngine::Publish(const AttemptRef& attempt, const std::string& directory,
                                const Manifest& manifest) {
  absl::Status status = parts_.files->WriteCommitted(directory, manifest);
  if (status.ok()) status = MarkPublished(attempt);
  // Whatever happened: Tick tries again what isn't published.
  absl::MutexLock lock(&mutex_);
  publishing_.erase({attempt.job, attempt.task});
  return status;
}

absl::Status JobEngine::MarkPublished(const AttemptRef& attempt) {
  return Change([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) -> absl::Status {
    SF_ASSIGN_OR_RETURN(const bool published, store_->tasks().Publish(attempt));
    if (!published) return absl::OkStatus();
    SF_RETURN_IF_ERROR(store_->jobs().CountRun(attempt.job));
    SF_ASSIGN_OR_RETURN(const std::optional<TaskRecord> task,
                        store_->tasks().Get(attempt.job, attempt.task));
    return flow_.OnPublished(*task);
  });
}

absl::Status JobEngine::PublishLeftOver() {
  std::vector<TaskRecord> tasks;
  {
    absl::MutexLock lock(&mutex_);
    SF_ASSIGN_OR_RETURN(tasks, store_->tasks().Unpublished());
  }
  for (const TaskRecord& task : tasks) {
    const AttemptRef attempt{task.job, task.name, task.epoch, task.lease_id};
    {
      absl::MutexLock lock(&mutex_);
      if (!publishing_.insert({task.job, task.name}).second) continue;
    }
    absl::StatusOr<Manifest> manifest =
        parts_.files->ReadManifest(task.committed_directory, kManifestFile);
    absl::Status status = manifest.status();
    if (status.ok() && (manifest->epoch != task.epoch || manifest->lease_id != task.lease_id ||
                        manifest->stage_key != task.stage_key)) {
      status = absl::DataLossError("its manifest is another attempt's");
    }
    if (status.ok()) status = parts_.files->Check(task.committed_directory, *manifest);
    if (status.ok()) {
      SF_RETURN_IF_ERROR(Publish(attempt, task.committed_directory, *manifest));
      continue;
    }
    const std::string damage(status.message());
    status = Change([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) -> absl::Status {
      SF_ASSIGN_OR_RETURN(const std::optional<TaskRecord> row,
                          store_->tasks().Get(task.job, task.name));
      if (!row || row->state != TaskState::kDone || !IsAttempt(*row, attempt)) {
        return absl::OkStatus();
      }
      return flow_.OnDamaged(*row, damage);
    });
    {
      absl::MutexLock lock(&mutex_);
      publishing_.erase({task.job, task.name});
    }
    SF_RETURN_IF_ERROR(status);
  }
  return absl::OkStatus();
}

}  // namespace stereofarm
