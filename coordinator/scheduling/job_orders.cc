// JobEngine: what people order while jobs run.
#include <optional>

#include "absl/strings/str_format.h"
#include "coordinator/scheduling/job_engine.h"
#include "coordinator/scheduling/legal_moves.h"

namespace stereofarm {

absl::Status JobEngine::ChangeJob(const std::string& id,
                                  const std::function<absl::Status(JobRecord*)>& body) {
  return Change([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) -> absl::Status {
    SF_ASSIGN_OR_RETURN(std::optional<JobRecord> job, store_->jobs().Get(id));
    if (!job) return absl::NotFoundError(absl::StrFormat("there is no job '%s'", id));
    if (!IsUnfinished(job->state)) {
      return absl::FailedPreconditionError(
          absl::StrFormat("job %s is %s already", id, JobStateName(job->state)));
    }
    SF_RETURN_IF_ERROR(body(&*job));
    return store_->jobs().Update(*job);
  });
}

absl::Status JobEngine::Pause(const std::string& id) {
  return ChangeJob(id, [&](JobRecord* job) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) -> absl::Status {
    job->paused = true;
    return ReleaseAll(leases_.OfJob(id));
  });
}

absl::Status JobEngine::Resume(const std::string& id) {
  return ChangeJob(id, [&](JobRecord* job) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    job->paused = false;
    desk_.NoteReady();
    return absl::OkStatus();
  });
}

absl::Status JobEngine::SetPriority(const std::string& id, int64_t priority) {
  return ChangeJob(id, [&](JobRecord* job) {
    job->priority = priority;
    return absl::OkStatus();
  });
}

absl::Status JobEngine::SetWorkerState(const std::string& worker, WorkerState state,
                                       const std::string& reason) {
  const KnownWorker* known = workers_.Find(worker);
  if (known == nullptr) return absl::OkStatus();
  WorkerRecord record = known->record;
  record.state = state;
  record.reason = reason;
  SF_RETURN_IF_ERROR(store_->workers().Put(record, parts_.clock->WallMicros()));
  workers_.SetState(worker, state, reason, parts_.clock->MonotonicMicros());
  return absl::OkStatus();
}

absl::Status JobEngine::Drain(const std::string& worker, bool now) {
  return Change([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) -> absl::Status {
    const KnownWorker* known = workers_.FindByName(worker);
    if (known == nullptr) {
      return absl::NotFoundError(absl::StrFormat(
          "there is no one worker '%s'; `stereofarm workers` lists their ids and names", worker));
    }
    const std::string id = known->record.id;
    SF_RETURN_IF_ERROR(SetWorkerState(id, WorkerState::kDraining, ""));
    return now ? ReleaseAll(leases_.OfWorker(id)) : absl::OkStatus();
  });
}

absl::Status JobEngine::ResumeWorker(const std::string& worker) {
  return Change([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) -> absl::Status {
    const KnownWorker* known = workers_.FindByName(worker);
    if (known == nullptr) {
      return absl::NotFoundError(absl::StrFormat(
          "there is no one worker '%s'; `stereofarm workers` lists their ids and names", worker));
    }
    SF_RETURN_IF_ERROR(SetWorkerState(known->record.id, WorkerState::kActive, ""));
    desk_.NoteReady();
    return absl::OkStatus();
  });
}

std::vector<WorkerReport> JobEngine::Workers() {
  absl::MutexLock lock(&mutex_);
  std::vector<WorkerReport> reports;
  for (const KnownWorker& worker : workers_.All()) {
    WorkerReport report{worker.record, "idle", "", ""};
    const std::vector<HeldLease> held = leases_.OfWorker(worker.record.id);
    if (!held.empty()) {
      report.state = "busy";
      report.job = held.front().attempt.job;
      report.task = held.front().attempt.task;
    }
    const bool at_work = !held.empty() || worker.stopping;
    if (worker.record.state == WorkerState::kDraining) {
      report.state = at_work ? "draining" : "drained";
    } else if (worker.record.state == WorkerState::kAside) {
      report.state = "aside";
    } else if (worker.stopping) {
      report.state = "stopping";
    }
    if (worker.lost) report.state = "lost";
    reports.push_back(std::move(report));
  }
  return reports;
}

absl::StatusOr<std::string> JobEngine::HoldOf(const JobReport& report) {
  if (!IsUnfinished(report.job.state)) return std::string();
  if (report.job.paused) return std::string("the job is paused; `stereofarm resume` goes on");
  if (std::string disk = DiskHoldOf(report.job); !disk.empty()) return disk;
  if (report.job.state != JobState::kRunning || report.tasks.leased > 0 ||
      report.tasks.ready == 0) {
    return std::string();
  }
  if (workers_.AnyLive()) {
    const std::string& why = runs_[report.job.id].patience;
    return why.empty()
               ? std::string()
               : absl::StrFormat("a disk was full (%s); make room, and it goes on by itself", why);
  }
  return std::string(workers_.All().empty()
                         ? "no worker has joined the farm yet"
                         : "every worker of the farm is lost, drained or put aside");
}

}  // namespace stereofarm
