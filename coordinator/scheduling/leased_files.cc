// JobEngine: which files the holder of a lease may touch.
#include "coordinator/scheduling/leased_files.h"

#include <optional>

#include "absl/strings/str_format.h"
#include "common/artifacts/manifest.h"
#include "coordinator/scheduling/attempt_ref.h"
#include "coordinator/scheduling/job_engine.h"
#include "coordinator/scheduling/task_spec.h"

namespace stereofarm {

absl::Status JobEngine::NoteTransfer(const std::string& worker, const AttemptRef& attempt) {
  absl::MutexLock lock(&mutex_);
  HeldLease* const lease = leases_.Find(attempt);
  if (lease == nullptr || lease->worker != worker) return LeaseLost(attempt);
  // Files on their way are progress, although no frame is done meanwhile.
  lease->progress_micros = parts_.clock->MonotonicMicros();
  return absl::OkStatus();
}

absl::StatusOr<LeasedFiles> JobEngine::FilesOfLease(const std::string& worker,
                                                    const AttemptRef& attempt) {
  SF_RETURN_IF_ERROR(NoteTransfer(worker, attempt));
  LeasedFiles files;
  {
    absl::MutexLock lock(&mutex_);
    SF_ASSIGN_OR_RETURN(const TaskRecord row, LeasedRow(attempt));
    SF_ASSIGN_OR_RETURN(const std::optional<JobRecord> job, store_->jobs().Get(attempt.job));
    std::optional<TaskSpec> spec;
    if (job) {
      SF_ASSIGN_OR_RETURN(spec, SpecOfTask(store_, *job, row));
    }
    if (!spec) {
      return absl::FailedPreconditionError(
          absl::StrFormat("what %s reads is being made again", attempt.task));
    }
    files.spec = *std::move(spec);
    files.model_files = job->model_files;
    files.range = job->range;
  }
  // The folders that films may lie in may have been changed since the job was submitted.
  SF_RETURN_IF_ERROR(CheckAllowed(files.spec.settings));
  files.attempt_directory =
      AttemptDirectory(attempt.job, attempt.task, attempt.epoch, attempt.lease_id);
  files.log_file = AttemptLog(attempt.job, attempt.task, attempt.epoch);
  return files;
}

}  // namespace stereofarm
