#include "coordinator/scheduling/job_engine.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "common/artifacts/store_marker.h"
#include "common/base/log.h"
#include "coordinator/scheduling/attempt_ref.h"
#include "coordinator/scheduling/legal_moves.h"
#include "coordinator/scheduling/task_spec.h"

namespace stereofarm {
namespace {

// So often it's looked, while a class of workers is waited for, whether it's gone: that reads all
// tasks that are ready.
constexpr int64_t kClassLooks = 8;

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
  const int64_t now = parts_.clock->MonotonicMicros();
  if (now < next_class_look_) return absl::OkStatus();
  next_class_look_ = now + patience / kClassLooks;
  std::vector<ClassedShot> orphans;
  {
    absl::MutexLock lock(&mutex_);
    if (!workers_.AnyLive()) return absl::OkStatus();
    SF_ASSIGN_OR_RETURN(orphans, store_->tasks().ShotsWithReadyTasks());
    std::erase_if(orphans, [&](const ClassedShot& shot) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return workers_.ClassGoneMicros(shot.numeric_class, now) <= patience;
    });
  }
  if (orphans.empty()) return absl::OkStatus();
  return Change([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) -> absl::Status {
    for (const ClassedShot& shot : orphans) {
      // Of a worker that is drained and finishes its task: it's not taken out of its hands.
      SF_ASSIGN_OR_RETURN(const bool held, store_->tasks().AnyLeased(shot.job, shot.shot_begin));
      if (held) continue;
      SF_RETURN_IF_ERROR(flow_.RestartShot(shot.job, shot.shot_begin));
    }
    return absl::OkStatus();
  });
}

}  // namespace stereofarm
