#include "tests/sim/auditor.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <optional>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "common/artifacts/manifest.h"
#include "common/base/file_system.h"
#include "coordinator/scheduling/legal_moves.h"
#include "coordinator/scheduling/task_spec.h"
#include "proto/records.h"

namespace stereofarm {
namespace {

std::string Say(const TaskRecord& task) {
  return absl::StrFormat("%s %s e%d-%s %s", task.job, task.name, task.epoch, task.lease_id,
                         TaskStateName(task.state));
}

}  // namespace

void Auditor::LookAt(FarmStore* store, const std::string& by) {
  const absl::StatusOr<std::vector<JobRecord>> jobs = store->jobs().All();
  if (!jobs.ok()) return world_->Break("database-is-sound", jobs.status().ToString());
  for (const JobRecord& job : *jobs) {
    const absl::StatusOr<std::vector<TaskRecord>> tasks = store->tasks().OfJob(job.id);
    if (!tasks.ok()) return world_->Break("database-is-sound", tasks.status().ToString());
    for (const TaskRecord& task : *tasks) LookAtTask(store, job, task, by);
    if (job.state == JobState::kFailed && job.error.empty()) {
      world_->Break("failed-with-a-reason", "job " + job.id);
    }
    const auto [before, inserted] = jobs_.try_emplace(job.id, job.state);
    if (before->second != job.state) {
      world_->Log("job " + job.id + " is " + JobStateName(job.state) +
                  (job.state == JobState::kFailed ? ": " + job.error : ""));
      if (job.state == JobState::kDone) LookAtFilm(job);
    }
    before->second = job.state;
  }
  for (const auto& [lease_id, key] : acknowledged_) {
    if (!done_.contains(lease_id)) {
      world_->Break("acknowledged-is-durable",
                    key.first + " " + key.second + " " + lease_id + " was never done");
    }
  }
  acknowledged_.clear();
}

void Auditor::LookAtTask(FarmStore* store, const JobRecord& job, const TaskRecord& task,
                         const std::string& by) {
  const TaskKey key{task.job, task.name};
  const auto [found, inserted] = rows_.try_emplace(key);
  const Row before = found->second;
  found->second = {task.state,         task.epoch,       task.lease_id,
                   task.numeric_class, task.stage_basis, task.committed_directory};

  if (inserted || task.state != before.state || task.epoch != before.epoch) {
    world_->Log(Say(task) + " by " + by);
  }
  if (task.epoch < before.epoch) {
    world_->Break("epochs-grow", absl::StrFormat("%s after e%d", Say(task), before.epoch));
  }
  if (task.epoch == before.epoch && task.lease_id != before.lease_id) {
    world_->Break("one-lease-per-epoch", Say(task) + " after " + before.lease_id);
  }
  const bool same_epoch = task.epoch == before.epoch;
  if (task.state == TaskState::kDone && !(same_epoch && before.state == TaskState::kDone)) {
    if (!same_epoch || before.state != TaskState::kLeased) {
      world_->Break("done-once", absl::StrFormat("%s after %s e%d", Say(task),
                                                 TaskStateName(before.state), before.epoch));
    }
    if (!sent_.contains(task.lease_id)) {
      world_->Break("done-by-its-holder", Say(task) + ": its holder never sent a result");
    }
    done_.insert(task.lease_id);
  }
  if (task.published && !task.committed_directory.empty()) {
    const std::string own = AttemptDirectory(task.job, task.name, task.epoch, task.lease_id);
    if (task.committed_directory != own || !files_->committed().contains(own)) {
      world_->Break("published-is-committed", Say(task) + " in " + task.committed_directory);
    }
  }
  if (before.state == TaskState::kLeased && !(same_epoch && task.state == TaskState::kLeased)) {
    const bool by_time = same_epoch && by == kTick && task.state == TaskState::kReady &&
                         job.state == JobState::kRunning &&
                         !IsStalled(store, task, before.lease_id);
    for (Lent& lent : lent_[key]) {
      if (lent.lease_id != before.lease_id) continue;
      lent.revoked = !by_time;
      if (by_time && believes_(lent.worker, lent.lease_id)) {
        world_->Break("lease-ends-after-its-holder", Say(task) + " of " + lent.worker);
      }
    }
  }
  if (same_epoch && before.state == TaskState::kDone && task.state != TaskState::kDone) {
    // A shot that begins again forgets its class; a plan that wants another result has another
    // basis.
    const bool restarted = !before.numeric_class.empty() && task.numeric_class.empty();
    const std::string directory = AttemptDirectory(task.job, task.name, task.epoch, task.lease_id);
    if (!restarted && task.stage_basis == before.stage_basis && !spoilt_.contains(directory) &&
        !files_->WasRemoved(directory) && !before.directory.empty() &&
        job.state == JobState::kRunning && task.wanted) {
      world_->Break("results-are-kept", Say(task) + " by " + by + ": " + task.error);
    }
  }
  if (same_epoch && before.state == TaskState::kDone && task.state == TaskState::kDone &&
      job.state == JobState::kRunning && !before.directory.empty() &&
      task.committed_directory.empty()) {
    LookAtDropped(store, job, task);
  }
  if (job.state == JobState::kRunning && task.wanted) {
    if (task.state == TaskState::kSuperseded || task.state == TaskState::kCancelled) {
      world_->Break("no-task-lost", Say(task) + " in a running job, by " + by);
    }
  }
  if (!IsUnfinished(job.state) && task.state == TaskState::kLeased) {
    world_->Break("stopped-jobs-hold-no-leases", Say(task) + " in a job that is over, by " + by);
  }
}

void Auditor::LookAtDropped(FarmStore* store, const JobRecord& job, const TaskRecord& task) {
  const TaskKind segment = SegmentKind(job.settings);
  const auto needs = [&](TaskKind kind, const FrameRange& core) {
    const auto row = store->tasks().Get(job.id, TaskName(kind, core));
    return !row.ok() || !*row || !(*row)->published || (*row)->committed_directory.empty();
  };
  bool needed = job.settings.keep || task.kind == segment || task.kind == TaskKind::kScan;
  if (task.kind != TaskKind::kDepth) {
    needed |= needs(segment, task.core);
  } else {
    const auto shot = store->tasks().OfShot(job.id, task.shot_begin, TaskKind::kDepth);
    for (const TaskRecord& shard : shot.value_or(std::vector<TaskRecord>())) {
      needed |= shard.wanted && !IsSkeleton(job.settings, shard.kind, shard.core) &&
                needs(segment, shard.core);
    }
  }
  if (needed) world_->Break("dropped-when-nobody-needs-it", Say(task));
}

bool Auditor::IsStalled(FarmStore* store, const TaskRecord& task, const std::string& lease_id) {
  const auto failures = store->failures().OfTask(task.job, task.name);
  return failures.ok() && !failures->empty() &&
         failures->back().failure == FailureClass::kStalled &&
         failures->back().attempt.lease_id == lease_id;
}

void Auditor::LookAtFilm(const JobRecord& job) {
  for (const OutputSpec& output : job.settings.outputs) {
    const absl::StatusOr<std::string> text = ReadFile(output.file);
    if (!text.ok()) {
      return world_->Break("film-is-whole", std::string(text.status().message()));
    }
    const std::vector<std::string> lines = absl::StrSplit(*text, '\n', absl::SkipEmpty());
    int64_t next = job.range.begin;
    for (size_t i = 1; i < lines.size(); ++i) {
      int64_t frames = 0;
      int64_t begin = 0;
      int64_t end = 0;
      const bool parsed = std::sscanf(lines[i].c_str(), "%" SCNd64 " frames, %" SCNd64 "-%" SCNd64,
                                      &frames, &begin, &end) == 3;
      if (!parsed || begin != next || end - begin != frames) {
        return world_->Break("film-is-whole",
                             absl::StrFormat("%s at frame %d: %s", output.file, next, lines[i]));
      }
      const size_t by = lines[i].rfind(", by ");
      if (by == std::string::npos || !done_.contains(lines[i].substr(by + 5))) {
        return world_->Break("film-is-committed", output.file + ": " + lines[i]);
      }
      next = end;
    }
    if (next != job.range.end) {
      return world_->Break("film-is-whole", absl::StrFormat("%s ends at frame %d of %d",
                                                            output.file, next, job.range.end));
    }
  }
}

void Auditor::LookAtFile(const std::filesystem::path& file) {
  // Opening reads all of it: structure and references.
  if (const auto store = FarmStore::Open(file); !store.ok()) {
    world_->Break("database-is-sound", store.status().ToString());
  }
}

void Auditor::OnAcknowledged(const AttemptRef& attempt) {
  acknowledged_[attempt.lease_id] = {attempt.job, attempt.task};
}

void Auditor::OnLent(FarmStore* store, const std::string& worker, const TaskLease& lease) {
  const TaskKey key{lease.spec.job, lease.spec.task};
  const std::string what = absl::StrFormat("%s %s e%d-%s to %s", key.first, key.second, lease.epoch,
                                           lease.lease_id, worker);
  int64_t& newest = newest_epoch_[key];
  if (lease.epoch <= newest) world_->Break("epochs-grow", what);
  newest = lease.epoch;
  if (!lease_ids_.insert(lease.lease_id).second) world_->Break("one-lease-per-epoch", what);
  std::vector<Lent>& lent = lent_[key];
  const Row& before = rows_[key];
  const absl::StatusOr<std::optional<TaskRecord>> row = store->tasks().Get(key.first, key.second);
  for (Lent& other : lent) {
    // A straggler is taken from its holder and lent again in one change, and the row says from
    // whom.
    if (before.state == TaskState::kLeased && before.lease_id == other.lease_id && row.ok() &&
        *row && (*row)->avoid_worker == other.worker) {
      other.revoked = true;
    }
    if (!other.revoked && believes_(other.worker, other.lease_id)) {
      world_->Break("one-holder", what + " while " + other.worker + " holds it");
    }
  }
  lent.push_back({worker, lease.epoch, lease.lease_id});

  const absl::StatusOr<std::optional<JobRecord>> job = store->jobs().Get(key.first);
  if (!job.ok() || !*job || (*job)->state != JobState::kRunning || (*job)->paused) {
    world_->Break("only-running-jobs-lend", what);
  } else if ((*job)->max_workers > 0) {
    const auto tasks = store->tasks().Leased();
    if (!tasks.ok() || std::count_if(tasks->begin(), tasks->end(), [&](const TaskRecord& task) {
                         return task.job == key.first;
                       }) > (*job)->max_workers) {
      world_->Break("a-job-keeps-its-limit", what);
    }
  }
  const absl::StatusOr<std::vector<WorkerRecord>> workers = store->workers().All();
  if (!workers.ok() || std::none_of(workers->begin(), workers->end(), [&](const auto& record) {
        return record.id == worker && record.state == WorkerState::kActive;
      })) {
    world_->Break("only-active-workers-get-tasks", what);
  }
  std::vector<std::pair<std::string, std::string>> inputs;
  for (const DepthSource& depth : lease.spec.depth) inputs.push_back({depth.task, depth.directory});
  if (!lease.spec.warp_task.empty()) {
    inputs.push_back({lease.spec.warp_task, lease.spec.warp_directory});
  }
  if (!lease.spec.inpaint_task.empty()) {
    inputs.push_back({lease.spec.inpaint_task, lease.spec.inpaint_directory});
  }
  for (const auto& [task, directory] : inputs) {
    const absl::StatusOr<std::optional<TaskRecord>> input = store->tasks().Get(key.first, task);
    if (!input.ok() || !*input || !(*input)->published ||
        (*input)->committed_directory != directory) {
      world_->Break("inputs-are-done", what + " reads " + directory);
    }
    OnRead(directory, /*whole=*/false);
  }
}

void Auditor::OnRead(const std::string& directory, bool whole) {
  if (!files_->committed().contains(directory)) {
    return world_->Break("only-committed-is-read", directory);
  }
  if (!whole || spoilt_.contains(directory) || files_->WasRemoved(directory)) return;
  const absl::StatusOr<Manifest> manifest = ReadManifest(store_ / directory / kCommittedFile);
  const absl::Status sound =
      manifest.ok() ? CheckFiles(store_ / directory, *manifest) : manifest.status();
  if (!sound.ok()) world_->Break("committed-stays", sound.ToString());
}

}  // namespace stereofarm
