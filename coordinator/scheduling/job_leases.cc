// JobEngine: lending tasks to workers, and having them back.
#include <algorithm>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "absl/strings/str_format.h"
#include "coordinator/scheduling/attempt_ref.h"
#include "coordinator/scheduling/job_engine.h"
#include "coordinator/scheduling/legal_moves.h"
#include "coordinator/scheduling/task_spec.h"

namespace stereofarm {

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

}  // namespace stereofarm
