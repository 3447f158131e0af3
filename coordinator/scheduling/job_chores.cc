// JobEngine: what takes longer than the lock may be held.
#include <algorithm>
#include <optional>
#include <set>

#include "absl/strings/str_format.h"
#include "common/base/log.h"
#include "common/farm/stage_key.h"
#include "coordinator/scheduling/job_engine.h"
#include "coordinator/scheduling/job_note.h"
#include "coordinator/scheduling/legal_moves.h"
#include "coordinator/scheduling/reconcile_shot.h"
#include "coordinator/scheduling/task_spec.h"

namespace stereofarm {

void JobEngine::RunChore(const Chore& chore) {
  while (true) {
    std::optional<JobRecord> job;
    int64_t generation = 0;
    {
      absl::MutexLock lock(&mutex_);
      at_work_[{chore.kind, chore.job, chore.shot_begin}] = false;
      generation = runs_[chore.job].generation;
      if (auto found = store_->jobs().Get(chore.job); found.ok()) job = *std::move(found);
    }
    absl::Status status;
    if (job && !stopping_) status = DoChore(chore, *job, generation);
    if (status.ok()) {
      absl::MutexLock lock(&mutex_);
      JobRun& run = runs_[chore.job];
      if (chore.kind != Chore::Kind::kNote && run.generation == generation) run.put_off.clear();
      if (run.put_off.empty()) run.retry_pause = 0;
    } else if (PutOff(chore.job, generation, status)) {
      status = absl::OkStatus();
    }
    if (!status.ok() && status.code() != absl::StatusCode::kCancelled && !stopping_) {
      const absl::Status failed =
          ChangeIfCurrent(chore.job, generation, [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
            return flow_.Fail(chore.job, std::string(status.message()));
          });
      if (!failed.ok()) {
        SF_LOG(kError) << "job " << chore.job << ": " << status.message() << "; "
                       << failed.message();
      }
    }
    absl::MutexLock lock(&mutex_);
    const auto it = at_work_.find({chore.kind, chore.job, chore.shot_begin});
    if (!it->second || stopping_) {
      at_work_.erase(it);
      return;
    }
  }
}

absl::Status JobEngine::DoChore(const Chore& chore, const JobRecord& job, int64_t generation) {
  switch (chore.kind) {
    case Chore::Kind::kIndex:
      return Index(job, generation);
    case Chore::Kind::kFindShots:
      return FindShots(job, generation);
    case Chore::Kind::kReconcile:
      return Reconcile(job, chore.shot_begin, generation);
    case Chore::Kind::kAssemble:
      return Assemble(job, generation);
    case Chore::Kind::kTidy:
    case Chore::Kind::kNote:
      if (absl::Status status =
              chore.kind == Chore::Kind::kTidy ? Tidy(job) : WriteJobNote(job, parts_.files);
          !status.ok()) {
        SF_LOG(kWarning) << "job " << job.id << ": " << status.message();
      }
      return absl::OkStatus();
  }
  return absl::OkStatus();
}

bool JobEngine::Current(const std::string& job, int64_t generation) {
  if (stopping_) return false;
  absl::MutexLock lock(&mutex_);
  return runs_[job].generation == generation;
}

absl::Status JobEngine::ChangeIfCurrent(const std::string& job, int64_t generation,
                                        const std::function<absl::Status()>& body) {
  return Change([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) -> absl::Status {
    if (stopping_ || runs_[job].generation != generation) return absl::OkStatus();
    return body();
  });
}

absl::Status JobEngine::Damaged(const TaskRecord& task, int64_t generation,
                                const std::string& message) {
  return ChangeIfCurrent(task.job, generation,
                         [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) -> absl::Status {
                           SF_ASSIGN_OR_RETURN(const std::optional<TaskRecord> row,
                                               store_->tasks().Get(task.job, task.name));
                           if (!row || row->epoch != task.epoch) return absl::OkStatus();
                           return flow_.OnDamaged(*row, message);
                         });
}

absl::Status JobEngine::Index(const JobRecord& job, int64_t generation) {
  if (job.state != JobState::kQueued) return absl::OkStatus();
  // Links may have changed since it was submitted.
  SF_RETURN_IF_ERROR(CheckAllowed(job.settings));
  std::shared_ptr<const IndexedFilm> film;
  {
    absl::MutexLock lock(&mutex_);
    film = std::exchange(runs_[job.id].film, nullptr);
    runs_[job.id].index_share = 0;
  }
  if (!film) {
    SF_ASSIGN_OR_RETURN(IndexedFilm indexed,
                        parts_.films->Index(job.settings.input, [&](double share) {
                          absl::MutexLock lock(&mutex_);
                          runs_[job.id].index_share = share;
                          ++changes_;
                          return !stopping_ && runs_[job.id].generation == generation;
                        }));
    film = std::make_shared<const IndexedFilm>(std::move(indexed));
  }
  SF_ASSIGN_OR_RETURN(const std::string model_files, HashModelFiles(job.settings.depth));
  if (!Current(job.id, generation)) return absl::OkStatus();
  SF_RETURN_IF_ERROR(parts_.files->Write(IndexFile(job.id), film->bytes));
  SF_RETURN_IF_ERROR(DropMissingResults(job.id));
  return ChangeIfCurrent(
      job.id, generation, [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) -> absl::Status {
        SF_ASSIGN_OR_RETURN(const std::optional<JobRecord> now, store_->jobs().Get(job.id));
        if (!now) return absl::OkStatus();
        runs_[job.id].finder = nullptr;
        return flow_.OnIndexed(*now, *film, model_files);
      });
}

absl::Status JobEngine::FindShots(const JobRecord& job, int64_t generation) {
  if (job.state != JobState::kRunning) return absl::OkStatus();
  std::shared_ptr<ShotFinder> finder;
  std::vector<TaskRecord> scans;
  {
    absl::MutexLock lock(&mutex_);
    std::shared_ptr<ShotFinder>& kept = runs_[job.id].finder;
    if (!kept) kept = std::make_shared<ShotFinder>(job.range);
    // Only this chore uses it, and never twice at once.
    finder = kept;
    SF_ASSIGN_OR_RETURN(scans, store_->tasks().OfShot(job.id, kNoShot, TaskKind::kScan));
  }
  for (const TaskRecord& scan : scans) {
    if (!scan.wanted || !scan.published || finder->Has(scan.core)) continue;
    const absl::StatusOr<std::string> bytes =
        parts_.files->Read(scan.committed_directory + "/features.bin");
    const absl::Status status = bytes.ok() ? finder->Add(scan.core, *bytes) : bytes.status();
    if (!status.ok()) {
      SF_RETURN_IF_ERROR(Damaged(scan, generation, std::string(status.message())));
    }
  }
  const std::vector<FrameRange> shots = finder->TakeShots();
  const bool complete = finder->Complete();
  if (shots.empty() && !complete) return absl::OkStatus();
  const absl::Status planned =
      ChangeIfCurrent(job.id, generation, [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return flow_.OnShots(job.id, shots, complete);
      });
  if (!planned.ok()) {
    // It gives each shot only once: another one finds them again.
    absl::MutexLock lock(&mutex_);
    if (runs_[job.id].finder == finder) runs_[job.id].finder = nullptr;
  }
  return planned;
}

absl::Status JobEngine::Reconcile(const JobRecord& job, int64_t shot_begin, int64_t generation) {
  if (job.state != JobState::kRunning) return absl::OkStatus();
  std::vector<ShardDepth> shards;
  std::vector<ShardDepth> skeletons;
  std::vector<TaskRecord> tasks;
  {
    absl::MutexLock lock(&mutex_);
    const FarmStore::View view(store_);
    SF_ASSIGN_OR_RETURN(const std::optional<ShotRecord> shot,
                        store_->shots().Get(job.id, shot_begin));
    if (!shot || shot->state != ShotState::kDepthDone) return absl::OkStatus();
    SF_ASSIGN_OR_RETURN(const std::vector<ShardRecord> records,
                        store_->shots().Shards(job.id, shot->frames));
    for (const ShardRecord& record : records) {
      SF_ASSIGN_OR_RETURN(
          std::optional<TaskRecord> task,
          store_->tasks().Get(job.id, TaskName(TaskKind::kDepth, record.shard.core)));
      if (!task || !task->published) return absl::OkStatus();
      shards.push_back({record.shard, task->name, task->committed_directory});
      tasks.push_back(*std::move(task));
    }
    for (const TaskSpec& spec : SpecsOfSkeletons(job, *shot, records)) {
      SF_ASSIGN_OR_RETURN(std::optional<TaskRecord> task, store_->tasks().Get(job.id, spec.task));
      if (!task || !task->published) return absl::OkStatus();
      skeletons.push_back({spec.shard, task->name, task->committed_directory});
      tasks.push_back(*std::move(task));
    }
  }
  std::string damaged;
  const absl::StatusOr<ShotSolution> solution =
      ReconcileShot(shards, skeletons, job.settings.budget_percent, parts_.files, &damaged);
  if (!solution.ok() && !damaged.empty()) {
    const auto task = std::find_if(tasks.begin(), tasks.end(),
                                   [&](const TaskRecord& row) { return row.name == damaged; });
    return Damaged(*task, generation, std::string(solution.status().message()));
  }
  SF_RETURN_IF_ERROR(solution.status());
  return ChangeIfCurrent(job.id, generation, [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return flow_.OnReconciled(job.id, shot_begin, *solution);
  });
}

absl::Status JobEngine::Assemble(const JobRecord& job, int64_t generation) {
  if (job.state != JobState::kAssembling) return absl::OkStatus();
  std::vector<TaskRecord> tasks;
  {
    absl::MutexLock lock(&mutex_);
    runs_[job.id].assembly_share = 0;
    SF_ASSIGN_OR_RETURN(tasks, store_->tasks().OfJob(job.id));
  }
  const TaskKind kind = SegmentKind(job.settings);
  std::erase_if(tasks, [&](const TaskRecord& task) { return task.kind != kind || !task.wanted; });
  FilmOrder order;
  order.job = job.id;
  order.settings = job.settings;
  order.range = job.range;
  order.fingerprint = job.fingerprint;
  order.replace = job.replace;
  order.segments.resize(job.settings.outputs.size());
  order.exports.resize(job.settings.exports.size());
  const std::string extension = parts_.films->SegmentExtension(job.settings.codec);
  bool sound = true;
  for (const TaskRecord& task : tasks) {
    if (!Current(job.id, generation)) return absl::OkStatus();
    const absl::StatusOr<Manifest> manifest =
        parts_.files->ReadManifest(task.committed_directory, kCommittedFile);
    const absl::Status status = manifest.ok()
                                    ? parts_.files->Check(task.committed_directory, *manifest)
                                    : manifest.status();
    if (!status.ok()) {
      sound = false;
      SF_RETURN_IF_ERROR(Damaged(task, generation, std::string(status.message())));
      continue;
    }
    for (size_t i = 0; i < order.segments.size(); ++i) {
      order.segments[i].push_back(options_.store / task.committed_directory /
                                  SegmentName(i, extension));
    }
    for (size_t i = 0; i < order.exports.size(); ++i) {
      for (int64_t frame = task.core.begin; frame < task.core.end; ++frame) {
        order.exports[i].push_back(options_.store / task.committed_directory /
                                   ExportPartName(i, job.settings.exports[i].format, frame));
      }
    }
  }
  if (!sound) return absl::OkStatus();
  SF_ASSIGN_OR_RETURN(order.index_bytes, parts_.files->Read(IndexFile(job.id)));
  SF_RETURN_IF_ERROR(CheckAllowed(job.settings));
  SF_ASSIGN_OR_RETURN(const std::vector<std::string> remarks,
                      parts_.films->Assemble(order, [&](double share) {
                        absl::MutexLock lock(&mutex_);
                        runs_[job.id].assembly_share = share;
                        ++changes_;
                        return !stopping_ && runs_[job.id].generation == generation;
                      }));
  return ChangeIfCurrent(job.id, generation, [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return flow_.OnAssembled(job.id, remarks);
  });
}

absl::Status JobEngine::Tidy(const JobRecord& job) {
  if (job.state != JobState::kDone) return absl::OkStatus();
  std::set<std::string> keep;
  if (job.settings.keep) {
    absl::MutexLock lock(&mutex_);
    SF_ASSIGN_OR_RETURN(const std::vector<TaskRecord> tasks, store_->tasks().OfJob(job.id));
    for (const TaskRecord& task : tasks) {
      if (task.published && task.wanted) keep.insert(task.committed_directory);
    }
  }
  // Listed before the first is removed: attempts of a job that is continued meanwhile stay.
  SF_ASSIGN_OR_RETURN(const std::vector<std::string> attempts, parts_.files->AttemptsOf(job.id));
  for (const std::string& attempt : attempts) {
    if (!keep.contains(attempt)) SF_RETURN_IF_ERROR(parts_.files->Remove(attempt));
  }
  if (job.settings.keep) return absl::OkStatus();
  // Under the lock, since a continued job has written a new one by the same name.
  absl::MutexLock lock(&mutex_);
  SF_ASSIGN_OR_RETURN(const std::optional<JobRecord> now, store_->jobs().Get(job.id));
  if (!now || now->state != JobState::kDone) return absl::OkStatus();
  return parts_.files->Remove(IndexFile(job.id));
}

}  // namespace stereofarm
