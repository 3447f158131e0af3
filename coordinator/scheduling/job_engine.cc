#include "coordinator/scheduling/job_engine.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "common/artifacts/store_marker.h"
#include "common/base/log.h"
#include "coordinator/scheduling/attempt_ref.h"
#include "coordinator/scheduling/legal_moves.h"
#include "coordinator/scheduling/result_check.h"
#include "coordinator/scheduling/task_spec.h"

namespace stereofarm {
namespace {

std::vector<std::filesystem::path> RootsOf(const EngineOptions& options) {
  std::vector<std::filesystem::path> roots = options.allowed;
  roots.push_back(options.store);
  return roots;
}

}  // namespace

JobEngine::JobEngine(EngineOptions options, EngineParts parts)
    : options_(std::move(options)),
      roots_(RootsOf(options_), options_.kept, {options_.store / "jobs"}),
      parts_(parts),
      store_(parts.store),
      workers_(3 * options_.lease_micros, parts.clock->MonotonicMicros()),
      desk_(parts.store, &leases_),
      flow_(parts.store, &desk_, parts.clock) {}

JobEngine::~JobEngine() = default;

// ---- changes ---------------------------------------------------------------------------------

absl::Status JobEngine::Change(const std::function<absl::Status()>& body) {
  absl::Status status;
  News news;
  {
    absl::MutexLock lock(&mutex_);
    status = ChangeLocked(body);
    news = TakeNews();
  }
  Tell(news);
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
  std::vector<std::string> dropped = flow_.TakeDropped();
  const std::vector<HeldLease> revoked = leases_.TakeRevoked();
  if (!status.ok()) {
    store_->jobs().TakeChanged();
    desk_.TakeBecameReady();
    ReloadLeases();
    return status;
  }
  for (const HeldLease& lease : revoked) {
    workers_.SetStopping(lease.worker, true);
    revoked_.push_back(lease.attempt);
  }
  for (const std::string& job : store_->jobs().TakeChanged()) {
    StartChore({Chore::Kind::kNote, job});
  }
  for (const Chore& chore : chores) StartChore(chore);
  if (!dropped.empty()) {
    // Nobody reads them any more; what a crash leaves of them goes when the job is done.
    parts_.background->Run([files = parts_.files, dropped = std::move(dropped)] {
      for (const std::string& directory : dropped) {
        if (absl::Status removed = files->Remove(directory); !removed.ok()) {
          SF_LOG(kWarning) << removed.message();
        }
      }
    });
  }
  ++changes_;
  return status;
}

std::vector<absl::Status> JobEngine::ChangeTogether(
    size_t count, const std::function<absl::Status(size_t)>& body) {
  std::vector<absl::Status> statuses(count);
  if (count == 0) return statuses;
  const absl::Status together = ChangeLocked([&]() -> absl::Status {
    for (size_t i = 0; i < count; ++i) SF_RETURN_IF_ERROR(body(i));
    return absl::OkStatus();
  });
  if (together.ok()) return statuses;
  if (count == 1) return {together};
  for (size_t i = 0; i < count; ++i) {
    statuses[i] = ChangeLocked([&] { return body(i); });
  }
  return statuses;
}

JobEngine::News JobEngine::TakeNews() {
  News news;
  if (desk_.TakeBecameReady()) news.ready = on_work_ready_;
  news.attempts.swap(revoked_);
  if (!news.attempts.empty()) news.revoked = on_revoked_;
  return news;
}

void JobEngine::Tell(const News& news) {
  if (news.revoked) news.revoked(news.attempts);
  if (news.ready) news.ready();
}

void JobEngine::OnRevoked(std::function<void(const std::vector<AttemptRef>&)> callback) {
  absl::MutexLock lock(&mutex_);
  on_revoked_ = std::move(callback);
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
      lease.frames = FramesOfTask(store_, row).value_or(row.core.size());
      lease.started_micros = parts_.clock->MonotonicMicros();
      lease.progress_micros = lease.started_micros;
      lease.deadline_micros = lease.started_micros + options_.lease_micros;
    }
    fresh.Put(std::move(lease));
  }
  leases_ = std::move(fresh);
}

// ---- start and stop --------------------------------------------------------------------------

bool JobEngine::IsSetAside(const JobRecord& job) const {
  return !options_.only_output.empty() && IsUnfinished(job.state) &&
         job.settings.outputs.front().file != options_.only_output;
}

absl::Status JobEngine::MarkStore() {
  if (store_marked_ || options_.store_marker.empty()) return absl::OkStatus();
  SF_RETURN_IF_ERROR(parts_.files->Write(kStoreMarkerFile, options_.store_marker));
  store_marked_ = true;
  return absl::OkStatus();
}

absl::Status JobEngine::Start() {
  if (absl::Status status = MarkStore(); absl::IsResourceExhausted(status)) {
    SF_LOG(kWarning) << status.message() << "; workers see the store once there is room";
  } else if (!status.ok()) {
    return status;
  }
  LookAtDisks();
  SF_RETURN_IF_ERROR(Change([this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) -> absl::Status {
    const int64_t now = parts_.clock->MonotonicMicros();
    if (options_.is_private) SF_RETURN_IF_ERROR(store_->workers().RemoveAll());
    SF_ASSIGN_OR_RETURN(const std::vector<WorkerRecord> workers, store_->workers().All());
    for (const WorkerRecord& worker : workers) workers_.Put(worker, now);
    ReloadLeases();
    for (HeldLease& lease : leases_.All()) {
      // Renewed just before the last coordinator ended, it runs on for a whole lease.
      const int64_t patience = std::max(options_.grace_micros, options_.lease_micros);
      lease.deadline_micros = now + (options_.is_private ? 0 : patience);
      lease.after_restart = true;
      leases_.Put(std::move(lease));
    }
    if (options_.is_private) SF_RETURN_IF_ERROR(ReleaseAll(leases_.All()));
    SF_ASSIGN_OR_RETURN(const std::vector<JobRecord> jobs, store_->jobs().All());
    for (JobRecord job : jobs) {
      if (!IsSetAside(job) || job.paused) continue;
      job.paused = true;
      SF_RETURN_IF_ERROR(store_->jobs().Update(job));
    }
    return absl::OkStatus();
  }));
  if (absl::Status status = PublishLeftOver(); !status.ok()) {
    // A full disk, as a rule; Tick tries again.
    SF_LOG(kError) << "cannot publish a result: " << status.message();
  }
  std::vector<JobRecord> unfinished;
  {
    absl::MutexLock lock(&mutex_);
    SF_ASSIGN_OR_RETURN(unfinished, store_->jobs().All());
  }
  std::erase_if(unfinished, [this](const JobRecord& job) {
    return !IsUnfinished(job.state) || IsSetAside(job);
  });
  for (const JobRecord& job : unfinished) SF_RETURN_IF_ERROR(DropMissingResults(job.id));
  return Change([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) -> absl::Status {
    for (const JobRecord& before : unfinished) {
      SF_ASSIGN_OR_RETURN(const std::optional<JobRecord> job, store_->jobs().Get(before.id));
      if (job) SF_RETURN_IF_ERROR(flow_.Resume(*job));
    }
    // Those that a crash kept from being written.
    SF_ASSIGN_OR_RETURN(const std::vector<std::string> jobs, store_->jobs().Ids());
    for (const std::string& job : jobs) StartChore({Chore::Kind::kNote, job});
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
    // It was dropped, and whoever needs it again makes it again.
    if (task.committed_directory.empty()) continue;
    const absl::Status status = parts_.files->CheckPresence(task.committed_directory);
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

absl::Status JobEngine::CheckSpeaksFor(const std::string& certificate, const std::string& worker) {
  absl::MutexLock lock(&mutex_);
  return SpeaksFor(certificate, worker);
}

absl::Status JobEngine::SpeaksFor(const std::string& certificate, const std::string& worker) {
  if (certificate.empty()) return absl::OkStatus();
  const KnownWorker* known = workers_.Find(worker);
  if (known == nullptr || known->record.certificate == certificate) return absl::OkStatus();
  if (known->record.certificate.empty()) {
    return absl::NotFoundError(
        absl::StrFormat("worker '%s' has to register with its certificate", worker));
  }
  return absl::PermissionDeniedError(absl::StrFormat(
      "worker '%s' registered with another certificate than '%s'; start it anew with its own",
      worker, certificate));
}

absl::Status JobEngine::Register(const WorkerRecord& worker) {
  if (worker.id.empty() || worker.numeric_class.empty()) {
    return absl::InvalidArgumentError("a worker needs an id and a numeric class");
  }
  return Change([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) -> absl::Status {
    if (absl::Status speaks = SpeaksFor(worker.certificate, worker.id);
        absl::IsPermissionDenied(speaks)) {
      return speaks;
    }
    WorkerRecord record = worker;
    // What people have said about it stays.
    if (const KnownWorker* known = workers_.Find(worker.id)) {
      record.state = known->record.state;
      record.reason = known->record.reason;
    }
    SF_RETURN_IF_ERROR(store_->workers().Put(record, parts_.clock->WallMicros()));
    workers_.Put(record, parts_.clock->MonotonicMicros());
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

// ---- leases ----------------------------------------------------------------------------------

absl::StatusOr<std::optional<TaskLease>> JobEngine::Lease(const std::string& worker) {
  return std::move(LeaseAll({worker}).front());
}

std::vector<JobEngine::LeaseAnswer> JobEngine::LeaseAll(const std::vector<std::string>& workers) {
  return LeaseTo(workers, /*have_nothing=*/true);
}

std::vector<JobEngine::LeaseAnswer> JobEngine::LeaseNext(const std::vector<std::string>& workers) {
  return LeaseTo(workers, /*have_nothing=*/false);
}

std::vector<JobEngine::LeaseAnswer> JobEngine::LeaseTo(const std::vector<std::string>& workers,
                                                       bool have_nothing) {
  std::vector<LeaseAnswer> answers(workers.size(), LeaseAnswer(std::nullopt));
  News news;
  {
    absl::MutexLock lock(&mutex_);
    for (size_t begin = 0, end = 0; begin < workers.size(); begin = end) {
      // One that asks twice hasn't got the first answer: what that gave goes back.
      std::set<std::string> names;
      while (end < workers.size() && names.insert(workers[end]).second) ++end;
      LeaseTogether(std::span(workers).subspan(begin, end - begin), have_nothing, &answers[begin]);
    }
    news = TakeNews();
  }
  Tell(news);
  return answers;
}

void JobEngine::LeaseTogether(std::span<const std::string> workers, bool have_nothing,
                              LeaseAnswer* answers) {
  struct Asking {
    const KnownWorker* worker = nullptr;
    LeaseAnswer* answer = nullptr;
  };
  std::vector<Asking> asking;
  for (size_t i = 0; i < workers.size(); ++i) {
    const absl::StatusOr<const KnownWorker*> worker = MakeFree(workers[i], have_nothing);
    if (!worker.ok()) {
      answers[i] = worker.status();
    } else if (*worker != nullptr) {
      asking.push_back({*worker, &answers[i]});
    }
  }
  std::vector<DispatchableJob> jobs;
  std::vector<DispatchableJob> ready;
  const auto look = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) -> absl::Status {
    const FarmStore::View view(store_);
    SF_ASSIGN_OR_RETURN(jobs, store_->jobs().Dispatchable());
    for (const DispatchableJob& job : jobs) {
      SF_ASSIGN_OR_RETURN(const bool any, store_->tasks().AnyReady(job.id));
      if (any) ready.push_back(job);
    }
    return absl::OkStatus();
  };
  if (asking.empty()) return;
  if (const absl::Status status = look(); !status.ok()) {
    for (const Asking& one : asking) *one.answer = status;
    return;
  }
  if (!ready.empty()) {
    const auto claim = [&](size_t i) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) -> absl::Status {
      *asking[i].answer = std::nullopt;
      for (const std::string& job : Turns(ready, asking[i].worker->record)) {
        SF_ASSIGN_OR_RETURN(*asking[i].answer, ClaimFrom(job, *asking[i].worker));
        if ((*asking[i].answer)->has_value()) break;
      }
      return absl::OkStatus();
    };
    const std::vector<absl::Status> claimed = ChangeTogether(asking.size(), claim);
    for (size_t i = 0; i < asking.size(); ++i) {
      if (!claimed[i].ok()) *asking[i].answer = claimed[i];
    }
  }
  if (!stragglers_) return;
  for (const Asking& one : asking) {
    if (!one.answer->ok() || (*one.answer)->has_value()) continue;
    *one.answer = LeaseStraggler(*one.worker, Turns(jobs, one.worker->record));
  }
}

absl::StatusOr<const KnownWorker*> JobEngine::MakeFree(const std::string& worker,
                                                       bool has_nothing) {
  SF_ASSIGN_OR_RETURN(const KnownWorker* known, Heard(worker));
  std::vector<HeldLease> unheard = leases_.OfWorker(worker);
  if (!has_nothing && !unheard.empty()) return nullptr;
  std::erase_if(unheard, [](const HeldLease& held) { return held.checking > 0; });
  if (!unheard.empty()) {
    SF_RETURN_IF_ERROR(
        ChangeLocked([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return ReleaseAll(unheard); }));
  }
  workers_.SetStopping(worker, false);
  const bool may = known->record.state == WorkerState::kActive && disk_hold_.empty();
  return may ? known : nullptr;
}

std::vector<std::string> JobEngine::Turns(std::vector<DispatchableJob> jobs,
                                          const WorkerRecord& worker) {
  std::erase_if(jobs, [&](const DispatchableJob& job) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const bool full = job.max_workers > 0 && leases_.CountOfJob(job.id) >= job.max_workers;
    const bool able = std::all_of(job.tags.begin(), job.tags.end(), [&](const std::string& tag) {
      return std::find(worker.tags.begin(), worker.tags.end(), tag) != worker.tags.end();
    });
    return full || !able;
  });
  // Jobs of one priority share the workers: whoever has the fewest is next.
  std::stable_sort(jobs.begin(), jobs.end(),
                   [&](const DispatchableJob& a, const DispatchableJob& b)
                       ABSL_NO_THREAD_SAFETY_ANALYSIS {
                         if (a.priority != b.priority) return a.priority > b.priority;
                         return leases_.CountOfJob(a.id) < leases_.CountOfJob(b.id);
                       });
  std::vector<std::string> ids;
  for (DispatchableJob& job : jobs) ids.push_back(std::move(job.id));
  return ids;
}

bool JobEngine::AnyTaskReady() {
  absl::MutexLock lock(&mutex_);
  if (!disk_hold_.empty()) return false;
  const absl::StatusOr<bool> any = store_->tasks().AnyReadyInRunningJobs();
  return stragglers_ || !any.ok() || *any;
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
      SF_RETURN_IF_ERROR(store_->tasks().Release(AttemptOf(*task), TaskState::kWaiting).status());
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
    held.frames = spec->FrameCount();
    held.started_micros = parts_.clock->MonotonicMicros();
    held.progress_micros = held.started_micros;
    held.deadline_micros = held.started_micros + options_.lease_micros;
    leases_.Put(held);
    TaskLease lease;
    lease.spec = *std::move(spec);
    lease.spec.memory_step =
        static_cast<int>(std::min<int64_t>(task->memory_step, kMostMemorySteps));
    lease.epoch = task->epoch;
    lease.lease_id = task->lease_id;
    lease.attempt_directory = AttemptDirectory(job_id, task->name, task->epoch, task->lease_id);
    lease.log_file = AttemptLog(job_id, task->name, task->epoch);
    if (store_marked_) lease.store_marker = options_.store_marker;
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
  const int64_t now = parts_.clock->MonotonicMicros();
  lease->deadline_micros = now + options_.lease_micros;
  lease->after_restart = false;
  if (frames_done != lease->frames_done) lease->progress_micros = now;
  lease->frames_done = std::max<int64_t>(0, frames_done);
  lease->frames_total = std::max<int64_t>(0, frames_total);
  ++changes_;
  return options_.lease_micros;
}

absl::Status JobEngine::Release(const TaskRecord& task, TaskState to, const Setback& setback,
                                bool told) {
  if (!IsLegalMove(task.state, to)) {
    return absl::InternalError(absl::StrFormat("%s cannot go from %s to %s", task.name,
                                               TaskStateName(task.state), TaskStateName(to)));
  }
  SF_ASSIGN_OR_RETURN(const bool released, store_->tasks().Release(AttemptOf(task), to, setback));
  if (told) {
    leases_.Drop(task.job, task.name);
  } else {
    leases_.Revoke(task.job, task.name);
  }
  if (!released) return LeaseLost(AttemptOf(task));
  if (to == TaskState::kReady) desk_.NoteReady();
  return flow_.FreeClassIfUnused(task.job, task.shot_begin);
}

absl::Status JobEngine::ReleaseAll(const std::vector<HeldLease>& leases) {
  for (const HeldLease& lease : leases) {
    SF_ASSIGN_OR_RETURN(const TaskRecord task, LeasedRow(lease.attempt));
    SF_RETURN_IF_ERROR(Release(task, TaskState::kReady, {}, /*told=*/false));
  }
  return absl::OkStatus();
}

absl::Status JobEngine::HandBack(const std::string& worker, const AttemptRef& attempt) {
  return Change([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) -> absl::Status {
    SF_RETURN_IF_ERROR(Heard(worker).status());
    SF_ASSIGN_OR_RETURN(const TaskRecord task, LeasedRow(attempt));
    if (task.worker != worker) return LeaseLost(attempt);
    return Release(task, TaskState::kReady, {}, /*told=*/true);
  });
}

// ---- time ------------------------------------------------------------------------------------

void JobEngine::Tick() {
  Care();
  const int64_t now = parts_.clock->MonotonicMicros();
  std::vector<HeldLease> expired;
  {
    absl::MutexLock lock(&mutex_);
    expired = leases_.Expired(now);
    if (workers_.NoteSilence(now)) ++changes_;
  }
  for (const HeldLease& lease : expired) {
    if (Adopt(lease).ok()) continue;
    const absl::Status status = Change(
        [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return EndLease(lease.attempt, now); });
    if (!status.ok()) SF_LOG(kError) << "cannot end a lease: " << status.message();
  }
  LookForStragglers(now);
  if (absl::Status status = EndStalled(now); !status.ok()) {
    SF_LOG(kError) << "cannot end a stalled lease: " << status.message();
  }
  if (absl::Status status = EndJobsWithNothingLeft(); !status.ok()) {
    SF_LOG(kError) << "cannot end a job: " << status.message();
  }
  if (absl::Status status = RestartShotsOfGoneClasses(); !status.ok()) {
    SF_LOG(kError) << "cannot restart a shot: " << status.message();
  }
  bool may_write = false;
  {
    absl::MutexLock lock(&mutex_);
    may_write = disk_hold_.empty();
  }
  if (!may_write) return;
  if (absl::Status status = PublishLeftOver(); !status.ok()) {
    SF_LOG(kError) << "cannot publish a result: " << status.message();
  }
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
