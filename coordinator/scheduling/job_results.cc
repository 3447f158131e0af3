// JobEngine: taking results in.
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/base/log.h"
#include "coordinator/scheduling/attempt_ref.h"
#include "coordinator/scheduling/job_engine.h"
#include "coordinator/scheduling/result_check.h"

namespace stereofarm {
namespace {

bool IsAttempt(const TaskRecord& task, const AttemptRef& attempt) {
  return task.epoch == attempt.epoch && task.lease_id == attempt.lease_id;
}

}  // namespace

struct JobEngine::Arrival {
  const TaskReport* report = nullptr;
  absl::Status status;  // what the worker hears
  absl::Status damage;  // what is wrong with the files
  std::string directory;
  ResultCheck check;
  bool is_checking = false;   // its lease can't expire meanwhile
  bool has_finished = false;  // this report ended the task, not one that said the same
};

// A done attempt that others can't read yet.
struct JobEngine::Publication {
  AttemptRef attempt;
  std::string directory;
  const Manifest* manifest = nullptr;
};

absl::Status JobEngine::Complete(const std::string& worker, const AttemptRef& attempt,
                                 const Manifest& manifest, double seconds) {
  return CompleteAll({{worker, attempt, manifest, seconds}}).front();
}

std::vector<absl::Status> JobEngine::CompleteAll(const std::vector<TaskReport>& reports) {
  std::vector<Arrival> arrivals(reports.size());
  {
    absl::MutexLock lock(&mutex_);
    for (size_t i = 0; i < reports.size(); ++i) {
      arrivals[i].report = &reports[i];
      arrivals[i].status = Heard(reports[i].worker).status();
    }
  }
  TakeResults(&arrivals);
  std::vector<absl::Status> statuses;
  for (Arrival& arrival : arrivals) statuses.push_back(std::move(arrival.status));
  return statuses;
}

absl::Status JobEngine::Adopt(const HeldLease& lease) {
  const AttemptRef& attempt = lease.attempt;
  absl::StatusOr<Manifest> manifest = parts_.files->ReadManifest(
      AttemptDirectory(attempt.job, attempt.task, attempt.epoch, attempt.lease_id), kManifestFile);
  SF_RETURN_IF_ERROR(manifest.status());
  SF_LOG(kInfo) << "job " << attempt.job << ": " << attempt.task
                << " was finished by a worker that never said so";
  const int64_t micros = parts_.clock->MonotonicMicros() - lease.started_micros;
  const TaskReport report{lease.worker, attempt, *std::move(manifest),
                          static_cast<double>(micros) * 1e-6};
  std::vector<Arrival> arrivals(1);
  arrivals.front().report = &report;
  TakeResults(&arrivals);
  return arrivals.front().status;
}

void JobEngine::TakeResults(std::vector<Arrival>* arrivals) {
  {
    absl::MutexLock lock(&mutex_);
    const FarmStore::View view(store_);
    for (Arrival& arrival : *arrivals) {
      if (arrival.status.ok()) arrival.status = BeginCheck(&arrival);
    }
  }
  for (Arrival& arrival : *arrivals) {
    if (!arrival.is_checking) continue;
    const ResultCheck& check = arrival.check;
    const Manifest& manifest = arrival.report->manifest;
    arrival.damage = CheckManifest(check, check.task.numeric_class, manifest, parts_.films);
    if (!arrival.damage.ok()) continue;
    arrival.damage = CheckResultFiles(check, options_.store, arrival.directory, manifest,
                                      parts_.files, parts_.films);
  }
  std::vector<Publication> finished;
  News news;
  {
    absl::MutexLock lock(&mutex_);
    finished = FinishAll(arrivals);
    news = TakeNews();
  }
  Tell(news);
  const std::vector<absl::Status> published = Publish(finished);
  for (size_t i = 0; i < finished.size(); ++i) {
    // The result counts; Tick tries again.
    if (!published[i].ok()) {
      SF_LOG(kError) << "cannot publish " << finished[i].directory << ": "
                     << published[i].message();
    }
  }
}

absl::Status JobEngine::BeginCheck(Arrival* arrival) {
  const AttemptRef& attempt = arrival->report->attempt;
  SF_ASSIGN_OR_RETURN(std::optional<TaskRecord> row,
                      store_->tasks().Get(attempt.job, attempt.task));
  if (!row || !IsAttempt(*row, attempt)) return LeaseLost(attempt);
  // Said again, since the first answer got lost.
  if (row->state == TaskState::kDone) return absl::OkStatus();
  SF_ASSIGN_OR_RETURN(const std::optional<JobRecord> job, store_->jobs().Get(attempt.job));
  HeldLease* lease = leases_.Find(attempt);
  if (row->state != TaskState::kLeased || !job || lease == nullptr ||
      lease->worker != arrival->report->worker) {
    return LeaseLost(attempt);
  }
  arrival->directory = AttemptDirectory(attempt.job, attempt.task, attempt.epoch, attempt.lease_id);
  arrival->check.task = *std::move(row);
  arrival->check.settings = job->settings;
  arrival->check.full = arrival->check.task.core;
  if (arrival->check.task.kind == TaskKind::kDepth) {
    const FrameRange& core = arrival->check.task.core;
    SF_ASSIGN_OR_RETURN(const std::vector<ShardRecord> shards,
                        store_->shots().Shards(attempt.job, core, core));
    // Without one the plan has moved on; what the attempt began with still counts for its files.
    if (!shards.empty() && shards.front().shard.core == core) {
      arrival->check.full = shards.front().shard.full;
    }
  }
  ++lease->checking;
  arrival->is_checking = true;
  return absl::OkStatus();
}

void JobEngine::EndCheck(Arrival* arrival) {
  if (HeldLease* lease = leases_.Find(arrival->report->attempt)) --lease->checking;
}

std::vector<JobEngine::Publication> JobEngine::FinishAll(std::vector<Arrival>* arrivals) {
  std::vector<Arrival*> sound;
  for (Arrival& arrival : *arrivals) {
    if (!arrival.is_checking) continue;
    EndCheck(&arrival);
    if (arrival.damage.ok()) {
      sound.push_back(&arrival);
      continue;
    }
    arrival.status = arrival.damage;
    ChangeLocked([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) -> absl::Status {
      SF_ASSIGN_OR_RETURN(const TaskRecord task, LeasedRow(arrival.report->attempt));
      return FailAttempt(task, FailureClass::kRetryable, std::string(arrival.damage.message()));
    }).IgnoreError();  // then the lease ends by its time
  }
  const std::vector<absl::Status> written = ChangeTogether(
      sound.size(), [&](size_t i) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) -> absl::Status {
        sound[i]->status = absl::OkStatus();
        return Finish(sound[i]);
      });
  std::vector<Publication> finished;
  for (size_t i = 0; i < sound.size(); ++i) {
    if (!written[i].ok()) sound[i]->status = written[i];
    if (!sound[i]->status.ok() || !sound[i]->has_finished) continue;
    const TaskReport& report = *sound[i]->report;
    finished.push_back({report.attempt, sound[i]->directory, &report.manifest});
    publishing_.insert({report.attempt.job, report.attempt.task});
  }
  return finished;
}

absl::Status JobEngine::Finish(Arrival* arrival) {
  const AttemptRef& attempt = arrival->report->attempt;
  const Manifest& manifest = arrival->report->manifest;
  SF_ASSIGN_OR_RETURN(
      arrival->has_finished,
      store_->tasks().Finish(attempt, {manifest.stage_key, manifest.numeric_class,
                                       arrival->directory, arrival->report->seconds}));
  if (arrival->has_finished) {
    if (const HeldLease* held = leases_.Find(attempt)) {
      runs_[attempt.job].speeds[held->kind].Add(
          held->frames, parts_.clock->MonotonicMicros() - held->started_micros);
    }
    runs_[attempt.job].patience.clear();
    leases_.Drop(attempt.job, attempt.task);
    return BlameThoseWhoFailed(arrival->check.task);
  }
  SF_ASSIGN_OR_RETURN(const std::optional<TaskRecord> row,
                      store_->tasks().Get(attempt.job, attempt.task));
  if (!row || row->state != TaskState::kDone || !IsAttempt(*row, attempt)) {
    arrival->status = LeaseLost(attempt);
  }
  return absl::OkStatus();
}

std::vector<absl::Status> JobEngine::Publish(const std::vector<Publication>& results) {
  std::vector<absl::Status> statuses;
  std::vector<size_t> written;
  for (size_t i = 0; i < results.size(); ++i) {
    statuses.push_back(parts_.files->WriteCommitted(results[i].directory, *results[i].manifest));
    if (statuses.back().ok()) written.push_back(i);
  }
  News news;
  {
    absl::MutexLock lock(&mutex_);
    const std::vector<absl::Status> marked =
        ChangeTogether(written.size(), [&](size_t i) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
          return MarkPublished(results[written[i]].attempt);
        });
    for (size_t i = 0; i < written.size(); ++i) statuses[written[i]] = marked[i];
    // Whatever happened: Tick tries again what isn't published.
    for (const Publication& result : results) {
      publishing_.erase({result.attempt.job, result.attempt.task});
    }
    news = TakeNews();
  }
  Tell(news);
  return statuses;
}

absl::Status JobEngine::MarkPublished(const AttemptRef& attempt) {
  SF_ASSIGN_OR_RETURN(const bool published, store_->tasks().Publish(attempt));
  if (!published) return absl::OkStatus();
  store_->jobs().CountRun(attempt.job);
  SF_ASSIGN_OR_RETURN(const std::optional<TaskRecord> task,
                      store_->tasks().Get(attempt.job, attempt.task));
  return flow_.OnPublished(*task);
}

absl::Status JobEngine::PublishLeftOver() {
  std::vector<TaskRecord> tasks;
  {
    absl::MutexLock lock(&mutex_);
    SF_ASSIGN_OR_RETURN(tasks, store_->tasks().Unpublished());
  }
  absl::Status first;
  for (const TaskRecord& task : tasks) first.Update(PublishAgain(task));
  return first;
}

absl::StatusOr<bool> JobEngine::BeginPublishing(const AttemptRef& attempt) {
  absl::MutexLock lock(&mutex_);
  SF_ASSIGN_OR_RETURN(const std::optional<TaskRecord> row,
                      store_->tasks().Get(attempt.job, attempt.task));
  if (!row || row->state != TaskState::kDone || row->published || !IsAttempt(*row, attempt)) {
    return false;
  }
  return publishing_.insert({attempt.job, attempt.task}).second;
}

absl::Status JobEngine::PublishAgain(const TaskRecord& task) {
  const AttemptRef attempt{task.job, task.name, task.epoch, task.lease_id};
  // It may be published since the row was read, and its folder be gone with the job's others.
  SF_ASSIGN_OR_RETURN(const bool is_ours, BeginPublishing(attempt));
  if (!is_ours) return absl::OkStatus();
  absl::StatusOr<Manifest> manifest =
      parts_.files->ReadManifest(task.committed_directory, kManifestFile);
  absl::Status status = manifest.status();
  if (status.ok() && (manifest->epoch != task.epoch || manifest->lease_id != task.lease_id ||
                      manifest->stage_key != task.stage_key)) {
    status = absl::DataLossError("its manifest is another attempt's");
  }
  if (status.ok()) status = parts_.files->Check(task.committed_directory, *manifest);
  if (status.ok()) return Publish({{attempt, task.committed_directory, &*manifest}}).front();
  const std::string damage(status.message());
  status = Change([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) -> absl::Status {
    SF_ASSIGN_OR_RETURN(const std::optional<TaskRecord> row,
                        store_->tasks().Get(task.job, task.name));
    if (!row || row->state != TaskState::kDone || !IsAttempt(*row, attempt)) {
      return absl::OkStatus();
    }
    return flow_.OnDamaged(*row, damage);
  });
  absl::MutexLock lock(&mutex_);
  publishing_.erase({task.job, task.name});
  return status;
}

}  // namespace stereofarm
