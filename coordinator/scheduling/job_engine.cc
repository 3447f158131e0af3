#include "coordinator/scheduling/job_engine.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "common/base/log.h"
#include "common/farm/stage_key.h"
#include "coordinator/scheduling/legal_moves.h"
#include "coordinator/scheduling/result_check.h"
#include "coordinator/scheduling/task_spec.h"

namespace stereofarm {
namespace {

AttemptRef AttemptOf(const TaskRecord& task) {
  return {task.job, task.name, task.epoch, task.lease_id};
}

absl::Status LeaseLost(const AttemptRef& attempt) {
  return absl::FailedPreconditionError(
      absl::StrFormat("the lease of %s (epoch %d) is lost", attempt.task, attempt.epoch));
}

}  // namespace

JobEngine::JobEngine(EngineOptions options, EngineParts parts)
    : options_(std::move(options)),
      parts_(parts),
      store_(parts.store),
      workers_(3 * options_.lease_micros, parts.clock->MonotonicMicros()),
      desk_(parts.store, &leases_),
      flow_(parts.store, &desk_, parts.clock) {}

JobEngine::~JobEngine() = default;

// ---- changes ---------------------------------------------------------------------------------

absl::Status JobEngine::Change(const std::function<absl::Status()>& body) {
  absl::Status status;
  {
    absl::MutexLock lock(&mutex_);
    status = ChangeLocked(body);
  }
  AfterChange();
  return status;
}

absl::Status JobEngine::ChangeLocked(const std::function<absl::Status()>& body) {
  absl::Status status;
  {
    FarmStore::Change change(store_);
    status = change.begun();
    if (status.ok()) status = body();
    if (status.ok()) status = change.Commit();
  }
  const std::vector<Chore> chores = flow_.TakeChores();
  if (!status.ok()) {
    desk_.TakeBecameReady();
    ReloadLeases();
    return status;
  }
  for (const Chore& chore : chores) StartChore(chore);
  ++changes_;
  return status;
}

void JobEngine::AfterChange() {
  std::function<void()> callback;
  {
    absl::MutexLock lock(&mutex_);
    if (desk_.TakeBecameReady()) callback = on_work_ready_;
  }
  if (callback) callback();
}

void JobEngine::OnWorkReady(std::function<void()> callback) {
  absl::MutexLock lock(&mutex_);
  on_work_ready_ = std::move(callback);
}

void JobEngine::StartChore(const Chore& chore) {
  if (chore.kind == Chore::Kind::kIndex) ++runs_[chore.job].generation;
  const auto [it, inserted] =
      at_work_.try_emplace({chore.kind, chore.job, chore.shot_begin}, false);
  if (!inserted) {
    it->second = true;
    return;
  }
  parts_.background->Run([this, chore] { RunChore(chore); });
}

void JobEngine::ReloadLeases() {
  const absl::StatusOr<std::vector<TaskRecord>> rows = store_->tasks().Leased();
  if (!rows.ok()) {
    SF_LOG(kError) << "cannot read the leases: " << rows.status().message();
    return;
  }
  LeaseBook fresh;
  for (const TaskRecord& row : *rows) {
    HeldLease lease;
    if (const HeldLease* held = leases_.Find(AttemptOf(row))) {
      lease = *held;
    } else {
      lease.attempt = AttemptOf(row);
      lease.worker = row.worker;
      lease.kind = row.kind;
      lease.core = row.core;
      lease.deadline_micros = parts_.clock->MonotonicMicros() + options_.lease_micros;
    }
    fresh.Put(std::move(lease));
  }
  leases_ = std::move(fresh);
}

// ---- start and stop --------------------------------------------------------------------------

absl::Status JobEngine::Start() {
  SF_RETURN_IF_ERROR(Change([this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) -> absl::Status {
    const int64_t now = parts_.clock->MonotonicMicros();
    if (options_.is_private) SF_RETURN_IF_ERROR(store_->workers().RemoveAll());
    SF_ASSIGN_OR_RETURN(const std::vector<WorkerRecord> workers, store_->workers().All());
    for (const WorkerRecord& worker : workers) workers_.Put(worker, now);
    ReloadLeases();
    for (HeldLease& lease : leases_.All()) {
      lease.deadline_micros = now + (options_.is_private ? 0 : options_.grace_micros);
      lease.after_restart = true;
      leases_.Put(std::move(lease));
    }
    if (options_.is_private) return ReleaseAll(leases_.All());
    return absl::OkStatus();
  }));
  SF_RETURN_IF_ERROR(PublishLeftOver());
  std::vector<JobRecord> unfinished;
  {
    absl::MutexLock lock(&mutex_);
    SF_ASSIGN_OR_RETURN(unfinished, store_->jobs().All());
  }
  std::erase_if(unfinished, [](const JobRecord& job) { return !IsUnfinished(job.state); });
  for (const JobRecord& job : unfinished) SF_RETURN_IF_ERROR(DropMissingResults(job.id));
  return Change([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) -> absl::Status {
    for (const JobRecord& before : unfinished) {
      SF_ASSIGN_OR_RETURN(const std::optional<JobRecord> job, store_->jobs().Get(before.id));
      if (job) SF_RETURN_IF_ERROR(flow_.Resume(*job));
    }
    desk_.NoteReady();
    return absl::OkStatus();
  });
}

void JobEngine::Stop() {
  stopping_ = true;
  StopWatching();
}

absl::Status JobEngine::DropMissingResults(const std::string& job) {
  std::vector<TaskRecord> tasks;
  {
    absl::MutexLock lock(&mutex_);
    SF_ASSIGN_OR_RETURN(tasks, store_->tasks().OfJob(job));
  }
  std::vector<std::pair<TaskRecord, std::string>> missing;
  for (const TaskRecord& task : tasks) {
    if (task.state != TaskState::kDone || !task.published) continue;
    const absl::Status status = task.committed_directory.empty()
                                    ? absl::NotFoundError("its files were removed")
                                    : parts_.files->CheckPresence(task.committed_directory);
    if (!status.ok()) missing.emplace_back(task, std::string(status.message()));
  }
  if (missing.empty()) return absl::OkStatus();
  return Change([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) -> absl::Status {
    SF_ASSIGN_OR_RETURN(const std::optional<JobRecord> owner, store_->jobs().Get(job));
    // A queued job's plan isn't made yet: what it lacks is no damage.
    const bool planned = owner && owner->state != JobState::kQueued;
    for (const auto& [task, message] : missing) {
      SF_ASSIGN_OR_RETURN(const std::optional<TaskRecord> row, store_->tasks().Get(job, task.name));
      if (!row || row->state != TaskState::kDone || row->epoch != task.epoch) continue;
      SF_RETURN_IF_ERROR(planned && row->wanted ? flow_.OnDamaged(*row, message)
                                                : desk_.MoveTo(*row, TaskState::kSuperseded));
    }
    return absl::OkStatus();
  });
}

// ---- workers ---------------------------------------------------------------------------------

absl::Status JobEngine::Register(const WorkerRecord& worker) {
  if (worker.id.empty() || worker.numeric_class.empty()) {
    return absl::InvalidArgumentError("a worker needs an id and a numeric class");
  }
  return Change([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) -> absl::Status {
    SF_RETURN_IF_ERROR(store_->workers().Put(worker, parts_.clock->WallMicros()));
    workers_.Put(worker, parts_.clock->MonotonicMicros());
    return absl::OkStatus();
  });
}

absl::StatusOr<const KnownWorker*> JobEngine::Heard(const std::string& worker) {
  const KnownWorker* known = workers_.Hear(worker, parts_.clock->MonotonicMicros());
  if (known != nullptr) return known;
  return absl::NotFoundError(absl::StrFormat("worker '%s' isn't registered", worker));
}

absl::Status JobEngine::Leave(const std::string& worker) {
  return Change([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) -> absl::Status {
    SF_RETURN_IF_ERROR(ReleaseAll(leases_.OfWorker(worker)));
    SF_RETURN_IF_ERROR(store_->workers().Remove(worker));
    workers_.Remove(worker);
    return absl::OkStatus();
  });
}

std::vector<WorkerReport> JobEngine::Workers() {
  absl::MutexLock lock(&mutex_);
  std::vector<WorkerReport> reports;
  for (const KnownWorker& worker : workers_.All()) {
    WorkerReport report{worker.record, worker.lost ? "lost" : "idle", "", ""};
    const std::vector<HeldLease> held = leases_.OfWorker(worker.record.id);
    if (!held.empty()) {
      if (!worker.lost) report.state = "busy";
      report.job = held.front().attempt.job;
      report.task = held.front().attempt.task;
    }
    reports.push_back(std::move(report));
  }
  return reports;
}

// ---- leases ----------------------------------------------------------------------------------

absl::StatusOr<std::optional<TaskLease>> JobEngine::Lease(const std::string& worker) {
  std::optional<TaskLease> lease;
  {
    absl::MutexLock lock(&mutex_);
    SF_ASSIGN_OR_RETURN(const KnownWorker* known, Heard(worker));
    SF_ASSIGN_OR_RETURN(const std::vector<std::string> jobs,
                        store_->jobs().IdsWithState(JobState::kRunning));
    for (const std::string& job : jobs) {
      SF_ASSIGN_OR_RETURN(const bool ready, store_->tasks().AnyReady(job));
      if (!ready) continue;
      SF_RETURN_IF_ERROR(ChangeLocked([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) -> absl::Status {
        SF_ASSIGN_OR_RETURN(lease, ClaimFrom(job, *known));
        return absl::OkStatus();
      }));
      if (lease) break;
    }
  }
  return lease;
}

bool JobEngine::AnyTaskReady() {
  absl::MutexLock lock(&mutex_);
  const absl::StatusOr<bool> any = store_->tasks().AnyReadyInRunningJobs();
  return !any.ok() || *any;
}

absl::StatusOr<std::optional<TaskLease>> JobEngine::ClaimFrom(const std::string& job_id,
                                                              const KnownWorker& worker) {
  const std::string& numeric_class = worker.record.numeric_class;
  const Claimant claimant{worker.record.id, numeric_class, !workers_.HasOther(worker.record.id, ""),
                          !workers_.HasOther(worker.record.id, numeric_class)};
  SF_ASSIGN_OR_RETURN(const std::optional<JobRecord> job, store_->jobs().Get(job_id));
  if (!job) return std::nullopt;
  while (true) {
    SF_ASSIGN_OR_RETURN(const std::optional<TaskRecord> task,
                        store_->tasks().Claim(job_id, claimant, parts_.random->Hex(16)));
    if (!task) return std::nullopt;
    SF_ASSIGN_OR_RETURN(std::optional<TaskSpec> spec, SpecOfTask(store_, *job, *task));
    if (!spec) {
      // One of its inputs is being made again.
      SF_RETURN_IF_ERROR(
          store_->tasks().Release(AttemptOf(*task), TaskState::kWaiting, "", "").status());
      continue;
    }
    if (task->kind == TaskKind::kDepth) {
      SF_ASSIGN_OR_RETURN(std::optional<ShotRecord> shot,
                          store_->shots().Get(job_id, task->shot_begin));
      if (shot && shot->numeric_class.empty()) {
        shot->numeric_class = numeric_class;
        SF_RETURN_IF_ERROR(store_->shots().Update(job_id, *shot));
        SF_RETURN_IF_ERROR(store_->tasks().SetClass(job_id, task->shot_begin, numeric_class));
      }
    }
    HeldLease held;
    held.attempt = AttemptOf(*task);
    held.worker = worker.record.id;
    held.kind = task->kind;
    held.core = task->core;
    held.deadline_micros = parts_.clock->MonotonicMicros() + options_.lease_micros;
    leases_.Put(held);
    TaskLease lease;
    lease.spec = *std::move(spec);
    lease.epoch = task->epoch;
    lease.lease_id = task->lease_id;
    lease.attempt_directory = AttemptDirectory(job_id, task->name, task->epoch, task->lease_id);
    lease.log_file = AttemptLog(job_id, task->name, task->epoch);
    lease.lease_micros = options_.lease_micros;
    return lease;
  }
}

absl::StatusOr<TaskRecord> JobEngine::LeasedRow(const AttemptRef& attempt) {
  SF_ASSIGN_OR_RETURN(std::optional<TaskRecord> row,
                      store_->tasks().Get(attempt.job, attempt.task));
  if (!row || row->state != TaskState::kLeased || row->epoch != attempt.epoch ||
      row->lease_id != attempt.lease_id) {
    return LeaseLost(attempt);
  }
  return *std::move(row);
}

absl::StatusOr<int64_t> JobEngine::Renew(const std::string& worker, const AttemptRef& attempt,
                                         int64_t frames_done, int64_t frames_total) {
  absl::MutexLock lock(&mutex_);
  SF_RETURN_IF_ERROR(Heard(worker).status());
  // The book mirrors the rows, so that renewing writes nothing.
  HeldLease* lease = leases_.Find(attempt);
  if (lease == nullptr || lease->worker != worker) return LeaseLost(attempt);
  lease->deadline_micros = parts_.clock->MonotonicMicros() + options_.lease_micros;
  lease->after_restart = false;
  lease->frames_done = std::max<int64_t>(0, frames_done);
  lease->frames_total = std::max<int64_t>(0, frames_total);
  ++changes_;
  return options_.lease_micros;
}

absl::Status JobEngine::Release(const TaskRecord& task, TaskState to,
                                const std::string& failed_worker, const std::string& error) {
  if (!IsLegalMove(task.state, to)) {
    return absl::InternalError(absl::StrFormat("%s cannot go from %s to %s", task.name,
                                               TaskStateName(task.state), TaskStateName(to)));
  }
  SF_ASSIGN_OR_RETURN(const bool released,
                      store_->tasks().Release(AttemptOf(task), to, failed_worker, error));
  leases_.Drop(task.job, task.name);
  if (!released) return LeaseLost(AttemptOf(task));
  if (to == TaskState::kReady) desk_.NoteReady();
  return flow_.FreeClassIfUnused(task.job, task.shot_begin);
}

absl::Status JobEngine::ReleaseAll(const std::vector<HeldLease>& leases) {
  for (const HeldLease& lease : leases) {
    SF_ASSIGN_OR_RETURN(const TaskRecord task, LeasedRow(lease.attempt));
    SF_RETURN_IF_ERROR(Release(task, TaskState::kReady, "", ""));
  }
  return absl::OkStatus();
}

absl::Status JobEngine::HandBack(const std::string& worker, const AttemptRef& attempt) {
  return Change([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) -> absl::Status {
    SF_RETURN_IF_ERROR(Heard(worker).status());
    SF_ASSIGN_OR_RETURN(const TaskRecord task, LeasedRow(attempt));
    if (task.worker != worker) return LeaseLost(attempt);
    return Release(task, TaskState::kReady, "", "");
  });
}

// ---- failures --------------------------------------------------------------------------------

absl::Status JobEngine::FailAttempt(const TaskRecord& task, FailureClass failure,
                                    const std::string& message) {
  SF_LOG(kWarning) << "job " << task.job << ": " << task.name << " failed on " << task.worker
                   << " (" << FailureClassName(failure) << "): " << message;
  if (failure == FailureClass::kPermanent) {
    SF_RETURN_IF_ERROR(Release(task, TaskState::kFailed, task.worker, message));
    return flow_.Fail(task.job, message);
  }
  if (task.failures + 1 < kMostFailures) {
    return Release(task, TaskState::kReady, task.worker, message);
  }
  SF_RETURN_IF_ERROR(Release(task, TaskState::kFailed, task.worker, message));
  const KnownWorker* worker = workers_.Find(task.worker);
  const std::filesystem::path log = options_.store / AttemptLog(task.job, task.name, task.epoch);
  return flow_.Fail(task.job, absl::StrFormat("%s failed %d times, the last time on %s: %s; its "
                                              "log is %s",
                                              task.name, kMostFailures,
                                              worker == nullptr ? task.worker : worker->record.name,
                                              message, log.string()));
}

absl::Status JobEngine::Fail(const std::string& worker, const AttemptRef& attempt,
                             FailureClass failure, const std::string& message,
                             const std::string& damaged_task) {
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
  if (producer && producer->state == TaskState::kDone) {
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
    return Release(task, spec ? TaskState::kReady : TaskState::kWaiting, "", "");
  });
}

// ---- time ------------------------------------------------------------------------------------

void JobEngine::Tick() {
  const int64_t now = parts_.clock->MonotonicMicros();
  std::vector<HeldLease> expired;
  {
    absl::MutexLock lock(&mutex_);
    expired = leases_.Expired(now);
    if (workers_.NoteSilence(now)) ++changes_;
  }
  for (const HeldLease& lease : expired) {
    const absl::Status status = Change(
        [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return EndLease(lease.attempt, now); });
    if (!status.ok()) SF_LOG(kError) << "cannot end a lease: " << status.message();
  }
  if (absl::Status status = RestartShotsOfGoneClasses(); !status.ok()) {
    SF_LOG(kError) << "cannot restart a shot: " << status.message();
  }
  if (absl::Status status = PublishLeftOver(); !status.ok()) {
    SF_LOG(kError) << "cannot publish a result: " << status.message();
  }
}

absl::Status JobEngine::EndLease(const AttemptRef& attempt, int64_t now_micros) {
  const HeldLease* held = leases_.Find(attempt);
  if (held == nullptr || held->deadline_micros > now_micros || held->checking > 0) {
    return absl::OkStatus();
  }
  const bool after_restart = held->after_restart;
  SF_ASSIGN_OR_RETURN(const TaskRecord task, LeasedRow(attempt));
  // Not the task's fault if the coordinator was away.
  if (after_restart) return Release(task, TaskState::kReady, "", "");
  return FailAttempt(task, FailureClass::kRetryable,
                     absl::StrFormat("its worker was silent for %.1f s",
                                     static_cast<double>(options_.lease_micros) * 1e-6));
}

absl::Status JobEngine::RestartShotsOfGoneClasses() {
  const int64_t patience =
      std::max(options_.lease_micros, options_.is_private ? 0 : options_.grace_micros);
  std::vector<ClassedShot> orphans;
  {
    absl::MutexLock lock(&mutex_);
    if (!workers_.AnyLive()) return absl::OkStatus();
    SF_ASSIGN_OR_RETURN(orphans, store_->tasks().ShotsWithReadyTasks());
    const int64_t now = parts_.clock->MonotonicMicros();
    std::erase_if(orphans, [&](const ClassedShot& shot) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return workers_.ClassGoneMicros(shot.numeric_class, now) <= patience;
    });
  }
  if (orphans.empty()) return absl::OkStatus();
  return Change([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) -> absl::Status {
    for (const ClassedShot& shot : orphans) {
      SF_RETURN_IF_ERROR(flow_.RestartShot(shot.job, shot.shot_begin));
    }
    return absl::OkStatus();
  });
}

}  // namespace stereofarm
