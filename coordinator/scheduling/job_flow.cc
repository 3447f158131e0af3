#include "coordinator/scheduling/job_flow.h"

#include <algorithm>
#include <optional>
#include <set>

#include "absl/strings/str_format.h"
#include "common/base/log.h"
#include "common/farm/fill_window.h"
#include "common/farm/stage_key.h"
#include "coordinator/planning/shard_plan.h"
#include "coordinator/scheduling/cut_eases.h"
#include "coordinator/scheduling/failure_rules.h"
#include "coordinator/scheduling/legal_moves.h"
#include "coordinator/scheduling/seam_remarks.h"
#include "coordinator/scheduling/task_spec.h"

namespace stereofarm {
namespace {

// Frames of one scan task: some seconds of work.
constexpr int kScanFrames = 500;

TaskRecord TaskOf(const JobRecord& job, TaskKind kind, const FrameRange& core, int64_t shot_begin,
                  const std::string& numeric_class) {
  TaskRecord task;
  task.job = job.id;
  task.name = TaskName(kind, core);
  task.kind = kind;
  task.core = core;
  task.shot_begin = shot_begin;
  task.numeric_class = numeric_class;
  return task;
}

}  // namespace

void JobFlow::Ask(Chore::Kind kind, const std::string& job, int64_t shot_begin) {
  Chore chore{kind, job, shot_begin};
  if (std::find(chores_.begin(), chores_.end(), chore) == chores_.end()) {
    chores_.push_back(std::move(chore));
  }
}

absl::StatusOr<JobRecord> JobFlow::GetJob(const std::string& id) {
  SF_ASSIGN_OR_RETURN(std::optional<JobRecord> job, store_->jobs().Get(id));
  if (!job) return absl::NotFoundError(absl::StrFormat("there is no job '%s'", id));
  return *std::move(job);
}

absl::Status JobFlow::SetState(JobRecord* job, JobState state) {
  if (!IsLegalMove(job->state, state)) {
    return absl::FailedPreconditionError(absl::StrFormat("job %s is %s and cannot become %s",
                                                         job->id, JobStateName(job->state),
                                                         JobStateName(state)));
  }
  SF_LOG(kInfo) << "job " << job->id << " is " << JobStateName(state)
                << (state == JobState::kFailed ? ": " + job->error : "");
  job->state = state;
  job->ended_micros = IsUnfinished(state) ? 0 : clock_->WallMicros();
  if (state == JobState::kRunning) desk_->NoteReady();
  return store_->jobs().Update(*job);
}

absl::Status JobFlow::OnIndexed(JobRecord job, const IndexedFilm& film,
                                const std::string& model_files) {
  if (job.state != JobState::kQueued) return absl::OkStatus();
  const FrameRange whole{0, film.frames};
  job.range = job.settings.range ? job.settings.range->Intersect(whole) : whole;
  if (job.range.empty()) {
    return Fail(job.id, absl::StrFormat("--range: the film has %d frames, the range begins at %d",
                                        film.frames, job.settings.range->begin));
  }
  job.source_identity = film.source_identity;
  job.model_files = model_files;
  job.fingerprint = JobFingerprint(job.settings, film.source_identity, model_files);
  job.planned = false;
  SF_RETURN_IF_ERROR(store_->shots().RemoveAll(job.id));
  SF_RETURN_IF_ERROR(store_->tasks().SetAllUnwanted(job.id));
  SF_ASSIGN_OR_RETURN(const std::vector<TaskRecord> tasks, store_->tasks().OfJob(job.id));
  for (const TaskRecord& task : tasks) {
    // Results and running tasks stay until it's known whether they fit the new plan.
    if (task.state == TaskState::kDone || task.state == TaskState::kLeased) continue;
    SF_RETURN_IF_ERROR(desk_->MoveTo(task, TaskState::kSuperseded));
  }
  SF_RETURN_IF_ERROR(SetState(&job, JobState::kRunning));
  for (FrameRange frames : PlanScan(job.range.size(), kScanFrames)) {
    frames.begin += job.range.begin;
    frames.end += job.range.begin;
    TaskRecord task = TaskOf(job, TaskKind::kScan, frames, kNoShot, "");
    task.stage_basis = StageBasis(SpecOfScan(job, frames), job.source_identity, {}, "");
    SF_RETURN_IF_ERROR(desk_->Want(task).status());
  }
  Ask(Chore::Kind::kFindShots, job.id);
  return absl::OkStatus();
}

absl::Status JobFlow::OnShots(const std::string& job_id, const std::vector<FrameRange>& shots,
                              bool complete) {
  SF_ASSIGN_OR_RETURN(JobRecord job, GetJob(job_id));
  if (job.state != JobState::kRunning) return absl::OkStatus();
  for (const FrameRange& frames : shots) {
    SF_ASSIGN_OR_RETURN(const std::optional<ShotRecord> known,
                        store_->shots().Get(job_id, frames.begin));
    if (!known) SF_RETURN_IF_ERROR(PlanOneShot(job, frames));
  }
  if (complete && !job.planned) {
    job.planned = true;
    SF_RETURN_IF_ERROR(store_->jobs().Update(job));
  }
  return FinishIfComplete(job_id);
}

absl::Status JobFlow::PlanOneShot(const JobRecord& job, const FrameRange& frames) {
  ShotRecord shot;
  shot.frames = frames;
  std::vector<Shard> shards = PlanShot(frames, job.settings.shard_frames, job.settings.overlap);
  for (Shard& shard : shards) {
    SF_ASSIGN_OR_RETURN(shard, AsWidened(job, shot, shard));
  }
  SF_RETURN_IF_ERROR(store_->shots().Insert(job.id, shot, shards));
  std::vector<ShardRecord> records;
  for (const Shard& shard : shards) records.push_back({shard});
  const std::vector<TaskKind> kinds = KindsOf(job.settings);
  for (size_t i = 0; i < shards.size(); ++i) {
    TaskRecord task =
        TaskOf(job, TaskKind::kDepth, shards[i].core, frames.begin, shot.numeric_class);
    std::vector<std::string> no_inputs;
    SF_ASSIGN_OR_RETURN(
        const std::optional<TaskSpec> spec,
        SpecOfShardTask(store_, job, TaskKind::kDepth, shot, records, i, &no_inputs));
    task.stage_basis = StageBasis(*spec, job.source_identity, {}, job.model_files);
    SF_RETURN_IF_ERROR(desk_->Want(task).status());
    // A result or a running attempt of before says which class of workers the shot belongs to.
    SF_ASSIGN_OR_RETURN(const std::optional<TaskRecord> row,
                        store_->tasks().Get(job.id, task.name));
    if (shot.numeric_class.empty() && row && !row->numeric_class.empty()) {
      shot.numeric_class = row->numeric_class;
    }
    for (size_t k = 1; k < kinds.size(); ++k) {
      SF_RETURN_IF_ERROR(desk_->Expect(TaskOf(job, kinds[k], shards[i].core, frames.begin, "")));
    }
  }
  for (const TaskSpec& spec : SpecsOfSkeletons(job, shot, records)) {
    TaskRecord task =
        TaskOf(job, TaskKind::kDepth, spec.shard.core, frames.begin, shot.numeric_class);
    task.stage_basis = StageBasis(spec, job.source_identity, {}, job.model_files);
    SF_RETURN_IF_ERROR(desk_->Want(task).status());
  }
  if (!shot.numeric_class.empty()) {
    SF_RETURN_IF_ERROR(store_->shots().Update(job.id, shot));
    SF_RETURN_IF_ERROR(store_->tasks().SetClass(job.id, frames.begin, shot.numeric_class));
  }
  return CheckDepth(job.id, shot);
}

absl::Status JobFlow::CheckDepth(const std::string& job_id, ShotRecord shot) {
  if (shot.state == ShotState::kReconciled) return absl::OkStatus();
  SF_ASSIGN_OR_RETURN(const bool missing,
                      store_->tasks().AnyUnpublished(job_id, shot.frames.begin, TaskKind::kDepth));
  if (missing) return absl::OkStatus();
  if (shot.state == ShotState::kPlanned) {
    shot.state = ShotState::kDepthDone;
    SF_RETURN_IF_ERROR(store_->shots().Update(job_id, shot));
  }
  Ask(Chore::Kind::kReconcile, job_id, shot.frames.begin);
  return absl::OkStatus();
}

absl::Status JobFlow::OnPublished(const TaskRecord& task) {
  SF_ASSIGN_OR_RETURN(const JobRecord job, GetJob(task.job));
  if (job.state != JobState::kRunning || !task.wanted) return absl::OkStatus();
  if (task.kind == TaskKind::kScan) {
    Ask(Chore::Kind::kFindShots, job.id);
    return absl::OkStatus();
  }
  if (task.kind == SegmentKind(job.settings)) {
    if (!job.settings.keep) {
      const std::vector<TaskKind> kinds = KindsOf(job.settings);
      for (size_t k = 1; k + 1 < kinds.size(); ++k) {
        SF_ASSIGN_OR_RETURN(const std::optional<TaskRecord> between,
                            store_->tasks().Get(job.id, TaskName(kinds[k], task.core)));
        if (between) SF_RETURN_IF_ERROR(Drop(*between));
      }
    }
    return FinishIfComplete(job.id);
  }
  SF_ASSIGN_OR_RETURN(const std::optional<ShotRecord> shot,
                      store_->shots().Get(job.id, task.shot_begin));
  if (!shot) return absl::OkStatus();
  if (shot->state != ShotState::kReconciled) return CheckDepth(job.id, *shot);
  SF_ASSIGN_OR_RETURN(const std::vector<ShardRecord> shards,
                      store_->shots().Shards(job.id, shot->frames));
  for (size_t i = 0; i < shards.size(); ++i) {
    if (task.kind == TaskKind::kDepth || shards[i].shard.core == task.core) {
      SF_RETURN_IF_ERROR(ReleaseShard(job, *shot, shards, i));
    }
  }
  return FinishIfComplete(job.id);
}

absl::Status JobFlow::OnReconciled(const std::string& job_id, int64_t shot_begin,
                                   const ShotSolution& solution) {
  SF_ASSIGN_OR_RETURN(const JobRecord job, GetJob(job_id));
  SF_ASSIGN_OR_RETURN(std::optional<ShotRecord> shot, store_->shots().Get(job_id, shot_begin));
  if (job.state != JobState::kRunning || !shot || shot->state != ShotState::kDepthDone) {
    return absl::OkStatus();
  }
  SF_ASSIGN_OR_RETURN(std::vector<ShardRecord> shards,
                      store_->shots().Shards(job_id, shot->frames));
  if (shards.size() != solution.shards.size()) {
    return absl::InternalError(absl::StrFormat("a shot of %d shards was reconciled as %d",
                                               shards.size(), solution.shards.size()));
  }
  SF_ASSIGN_OR_RETURN(const bool again, WidenSeams(job, *shot, shards, solution));
  if (again) return absl::OkStatus();
  for (size_t i = 0; i < shards.size(); ++i) {
    shards[i].ramp = solution.shards[i].ramp;
    SF_RETURN_IF_ERROR(store_->shots().UpdateShard(job_id, shards[i]));
  }
  shot->state = ShotState::kReconciled;
  shot->depth_low = solution.range.lo;
  shot->depth_high = solution.range.hi;
  shot->measured = solution.measured;
  shot->first = solution.first;
  shot->last = solution.last;
  SF_RETURN_IF_ERROR(store_->shots().Update(job_id, *shot));
  std::vector<SeamRecord> seams;
  for (const SeamReport& seam : solution.seams) {
    if (seam.compared) seams.push_back({shot_begin, seam.frame, seam.mean_percent});
  }
  SF_RETURN_IF_ERROR(store_->shots().SetSeams(job_id, shot_begin, seams));
  SF_RETURN_IF_ERROR(ReleaseShot(job, *shot));
  SF_RETURN_IF_ERROR(ReleaseNeighbours(job, *shot));
  return FinishIfComplete(job_id);
}

absl::Status JobFlow::ReleaseNeighbours(const JobRecord& job, const ShotRecord& shot) {
  SF_ASSIGN_OR_RETURN(const std::vector<ShotRecord> neighbours, EasedNeighbours(store_, job, shot));
  for (const ShotRecord& neighbour : neighbours) {
    SF_RETURN_IF_ERROR(ReleaseShot(job, neighbour));
  }
  return absl::OkStatus();
}

absl::Status JobFlow::ReleaseShot(const JobRecord& job, const ShotRecord& shot) {
  SF_ASSIGN_OR_RETURN(const std::vector<ShardRecord> shards,
                      store_->shots().Shards(job.id, shot.frames));
  for (size_t i = 0; i < shards.size(); ++i) {
    SF_RETURN_IF_ERROR(ReleaseShard(job, shot, shards, i));
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> JobFlow::KeepSegment(const JobRecord& job, const ShotRecord& shot,
                                          const std::vector<ShardRecord>& shards, size_t index) {
  const FrameRange& core = shards[index].shard.core;
  const std::vector<TaskKind> kinds = KindsOf(job.settings);
  SF_ASSIGN_OR_RETURN(const std::optional<TaskRecord> row,
                      store_->tasks().Get(job.id, TaskName(kinds.back(), core)));
  const bool is_there = row && row->published && !row->committed_directory.empty() &&
                        (shot.numeric_class.empty() || shot.numeric_class == row->numeric_class);
  if (!is_there) return false;
  SF_ASSIGN_OR_RETURN(const std::string key,
                      SegmentKey(store_, job, shot, shards, index, row->numeric_class));
  if (key != row->stage_key) return false;
  for (size_t k = 1; k < kinds.size(); ++k) {
    SF_RETURN_IF_ERROR(desk_->LeaveOut(job.id, TaskName(kinds[k], core)));
  }
  return true;
}

absl::Status JobFlow::MakeDepthAgain(const JobRecord& job, const std::vector<ShardRecord>& shards,
                                     const Shard& shard) {
  for (const ShardRecord& other : shards) {
    if (other.shard.full.Intersect(FillFrames(shard)).empty()) continue;
    SF_ASSIGN_OR_RETURN(const std::optional<TaskRecord> depth,
                        store_->tasks().Get(job.id, TaskName(TaskKind::kDepth, other.shard.core)));
    if (depth && depth->wanted && depth->published && depth->committed_directory.empty()) {
      SF_RETURN_IF_ERROR(desk_->RunAgain(*depth));
    }
  }
  return absl::OkStatus();
}

absl::Status JobFlow::Drop(const TaskRecord& task) {
  if (task.state != TaskState::kDone || !task.published || task.committed_directory.empty()) {
    return absl::OkStatus();
  }
  dropped_.push_back(task.committed_directory);
  return store_->tasks().ForgetDirectory(task.job, task.name);
}

absl::StatusOr<int> JobFlow::DropFinishedDepth(const JobRecord& job, int most) {
  if (job.state != JobState::kRunning || job.settings.keep) return 0;
  SF_ASSIGN_OR_RETURN(const std::vector<TaskRecord> tasks,
                      store_->tasks().DepthOfFinishedShots(job.id, most));
  for (const TaskRecord& task : tasks) SF_RETURN_IF_ERROR(Drop(task));
  return static_cast<int>(tasks.size());
}

absl::Status JobFlow::ReleaseShard(const JobRecord& job, const ShotRecord& shot,
                                   const std::vector<ShardRecord>& shards, size_t index) {
  SF_ASSIGN_OR_RETURN(const std::optional<ShotEases> eases, EasesOf(store_, job, shot));
  if (!eases) return absl::OkStatus();
  SF_ASSIGN_OR_RETURN(const bool kept, KeepSegment(job, shot, shards, index));
  if (kept) return absl::OkStatus();
  SF_RETURN_IF_ERROR(MakeDepthAgain(job, shards, shards[index].shard));
  const std::vector<TaskKind> kinds = KindsOf(job.settings);
  for (size_t k = 1; k < kinds.size(); ++k) {
    TaskRecord task =
        TaskOf(job, kinds[k], shards[index].shard.core, shot.frames.begin, shot.numeric_class);
    std::vector<std::string> input_keys;
    SF_ASSIGN_OR_RETURN(const std::optional<TaskSpec> spec,
                        SpecOfShardTask(store_, job, kinds[k], shot, shards, index, &input_keys));
    if (!spec) {
      SF_RETURN_IF_ERROR(desk_->Expect(task));
      continue;
    }
    task.stage_basis = StageBasis(*spec, job.source_identity, input_keys, "");
    // Whoever made the shard's depth has its pictures and its film still at hand.
    SF_ASSIGN_OR_RETURN(
        const std::optional<TaskRecord> depth,
        store_->tasks().Get(job.id, TaskName(TaskKind::kDepth, shards[index].shard.core)));
    if (depth) task.warm_worker = depth->worker;
    SF_RETURN_IF_ERROR(desk_->Want(task).status());
  }
  return absl::OkStatus();
}

absl::Status JobFlow::FinishIfComplete(const std::string& job_id) {
  SF_ASSIGN_OR_RETURN(JobRecord job, GetJob(job_id));
  if (job.state != JobState::kRunning || !job.planned) return absl::OkStatus();
  SF_ASSIGN_OR_RETURN(const bool unfinished, store_->tasks().AnyUnfinished(job_id));
  if (unfinished) return absl::OkStatus();
  SF_ASSIGN_OR_RETURN(const bool reconciled, store_->shots().AllReconciled(job_id));
  if (!reconciled) return absl::OkStatus();
  SF_ASSIGN_OR_RETURN(const std::vector<TaskRecord> tasks, store_->tasks().OfJob(job_id));
  for (const TaskRecord& task : tasks) {
    if (!task.wanted) SF_RETURN_IF_ERROR(desk_->MoveTo(task, TaskState::kSuperseded));
  }
  SF_RETURN_IF_ERROR(SetState(&job, JobState::kAssembling));
  Ask(Chore::Kind::kAssemble, job_id);
  return absl::OkStatus();
}

absl::Status JobFlow::OnAssembled(const std::string& job_id,
                                  const std::vector<std::string>& remarks) {
  SF_ASSIGN_OR_RETURN(JobRecord job, GetJob(job_id));
  if (job.state != JobState::kAssembling) return absl::OkStatus();
  SF_RETURN_IF_ERROR(SetState(&job, JobState::kDone));
  std::vector<std::string> all = remarks;
  SF_ASSIGN_OR_RETURN(const std::vector<SeamRecord> seams, store_->shots().Seams(job_id));
  AddSeamRemarks(seams, job.settings.seam_gate_percent, &all);
  SF_RETURN_IF_ERROR(store_->jobs().SetRemarks(job_id, all));
  if (!job.settings.keep) SF_RETURN_IF_ERROR(store_->tasks().ForgetDirectories(job_id));
  Ask(Chore::Kind::kTidy, job_id);
  return absl::OkStatus();
}

absl::Status JobFlow::OnDamaged(const TaskRecord& task, const std::string& message) {
  if (task.state != TaskState::kDone) return absl::OkStatus();
  SF_RETURN_IF_ERROR(store_->tasks().CountDamage(task.job, task.name, message));
  SF_RETURN_IF_ERROR(desk_->RunAgain(task));
  if (task.damages + 1 >= kMostFailures) {
    return Fail(task.job,
                absl::StrFormat("the result of %s was damaged %d times, last: %s; check the disk "
                                "that holds the store",
                                task.name, kMostFailures, message));
  }
  SF_LOG(kWarning) << "job " << task.job << ": " << task.name << " runs again: " << message;
  SF_ASSIGN_OR_RETURN(JobRecord job, GetJob(task.job));
  if (job.state == JobState::kAssembling) SF_RETURN_IF_ERROR(SetState(&job, JobState::kRunning));
  SF_ASSIGN_OR_RETURN(std::optional<ShotRecord> shot,
                      store_->shots().Get(task.job, task.shot_begin));
  if (!shot) return absl::OkStatus();
  if (task.kind != TaskKind::kDepth) {
    // What it reads may be gone since its segment was there.
    if (job.state != JobState::kRunning || shot->state != ShotState::kReconciled) {
      return absl::OkStatus();
    }
    SF_ASSIGN_OR_RETURN(const std::vector<ShardRecord> shards,
                        store_->shots().Shards(task.job, shot->frames));
    for (size_t i = 0; i < shards.size(); ++i) {
      if (shards[i].shard.core != task.core) continue;
      SF_RETURN_IF_ERROR(ReleaseShard(job, *shot, shards, i));
    }
    return absl::OkStatus();
  }
  if (shot->state != ShotState::kDepthDone) return absl::OkStatus();
  shot->state = ShotState::kPlanned;
  return store_->shots().Update(task.job, *shot);
}

absl::Status JobFlow::RestartShot(const std::string& job_id, int64_t shot_begin) {
  SF_ASSIGN_OR_RETURN(const JobRecord job, GetJob(job_id));
  SF_ASSIGN_OR_RETURN(std::optional<ShotRecord> shot, store_->shots().Get(job_id, shot_begin));
  if (!shot) return absl::OkStatus();
  SF_LOG(kWarning) << "job " << job_id << ": no worker of the class that began the shot at frame "
                   << shot_begin << " is left; it begins again";
  shot->state = ShotState::kPlanned;
  shot->numeric_class.clear();
  SF_RETURN_IF_ERROR(store_->shots().Update(job_id, *shot));
  const std::vector<TaskKind> kinds = KindsOf(job.settings);
  SF_ASSIGN_OR_RETURN(const std::vector<ShotRecord> neighbours,
                      EasedNeighbours(store_, job, *shot));
  for (const ShotRecord& neighbour : neighbours) {
    for (size_t k = 1; k < kinds.size(); ++k) {
      SF_ASSIGN_OR_RETURN(const std::vector<TaskRecord> tasks,
                          store_->tasks().OfShot(job_id, neighbour.frames.begin, kinds[k]));
      for (const TaskRecord& task : tasks) {
        if (task.state != TaskState::kReady && task.state != TaskState::kLeased) continue;
        SF_RETURN_IF_ERROR(desk_->MoveTo(task, TaskState::kWaiting));
      }
    }
  }
  for (TaskKind kind : kinds) {
    SF_ASSIGN_OR_RETURN(const std::vector<TaskRecord> tasks,
                        store_->tasks().OfShot(job_id, shot_begin, kind));
    for (const TaskRecord& task : tasks) {
      if (!task.wanted) continue;
      if (task.state != TaskState::kSuperseded) {
        SF_RETURN_IF_ERROR(desk_->MoveTo(task, TaskState::kSuperseded));
      }
      const TaskState to = kind == TaskKind::kDepth ? TaskState::kReady : TaskState::kWaiting;
      TaskRecord fresh = task;
      fresh.numeric_class.clear();
      fresh.warm_worker.clear();
      SF_RETURN_IF_ERROR(store_->tasks().Prepare(fresh, TaskState::kSuperseded, to).status());
    }
  }
  desk_->NoteReady();
  return absl::OkStatus();
}

absl::Status JobFlow::FreeClassIfUnused(const std::string& job_id, int64_t shot_begin) {
  if (shot_begin == kNoShot) return absl::OkStatus();
  SF_ASSIGN_OR_RETURN(std::optional<ShotRecord> shot, store_->shots().Get(job_id, shot_begin));
  if (!shot || shot->numeric_class.empty()) return absl::OkStatus();
  SF_ASSIGN_OR_RETURN(const JobRecord job, GetJob(job_id));
  for (TaskKind kind : KindsOf(job.settings)) {
    SF_ASSIGN_OR_RETURN(const std::vector<TaskRecord> tasks,
                        store_->tasks().OfShot(job_id, shot_begin, kind));
    for (const TaskRecord& task : tasks) {
      const bool counts = task.state == TaskState::kLeased || task.state == TaskState::kDone;
      if (task.wanted && counts) return absl::OkStatus();
    }
  }
  shot->numeric_class.clear();
  SF_RETURN_IF_ERROR(store_->shots().Update(job_id, *shot));
  desk_->NoteReady();
  return store_->tasks().SetClass(job_id, shot_begin, "");
}

absl::Status JobFlow::Continue(JobRecord job, const JobSettings& settings, bool replace) {
  job.settings = settings;
  job.replace = replace;
  job.error.clear();
  job.started_micros = clock_->WallMicros();
  SF_RETURN_IF_ERROR(SetState(&job, JobState::kQueued));
  SF_RETURN_IF_ERROR(store_->jobs().ResetCounts(job.id));
  SF_RETURN_IF_ERROR(store_->jobs().SetRemarks(job.id, {}));
  Ask(Chore::Kind::kIndex, job.id);
  return absl::OkStatus();
}

absl::Status JobFlow::StopTasks(const std::string& job_id, TaskState to) {
  SF_ASSIGN_OR_RETURN(const std::vector<TaskRecord> tasks, store_->tasks().OfJob(job_id));
  for (const TaskRecord& task : tasks) {
    if (task.state == TaskState::kLeased ||
        (to == TaskState::kCancelled && task.state != TaskState::kDone)) {
      SF_RETURN_IF_ERROR(desk_->MoveTo(task, to));
    }
  }
  return absl::OkStatus();
}

absl::Status JobFlow::Fail(const std::string& job_id, const std::string& error) {
  SF_ASSIGN_OR_RETURN(JobRecord job, GetJob(job_id));
  if (!IsUnfinished(job.state)) return absl::OkStatus();
  job.error = error;
  SF_RETURN_IF_ERROR(SetState(&job, JobState::kFailed));
  return StopTasks(job_id, TaskState::kReady);
}

absl::Status JobFlow::Cancel(const std::string& job_id) {
  SF_ASSIGN_OR_RETURN(JobRecord job, GetJob(job_id));
  if (job.state == JobState::kCancelled) return absl::OkStatus();
  SF_RETURN_IF_ERROR(SetState(&job, JobState::kCancelled));
  return StopTasks(job_id, TaskState::kCancelled);
}

absl::Status JobFlow::Resume(const JobRecord& job) {
  switch (job.state) {
    case JobState::kQueued:
      Ask(Chore::Kind::kIndex, job.id);
      return absl::OkStatus();
    case JobState::kRunning: {
      if (!job.planned) Ask(Chore::Kind::kFindShots, job.id);
      SF_ASSIGN_OR_RETURN(const std::vector<ShotRecord> shots, store_->shots().All(job.id));
      for (const ShotRecord& shot : shots) {
        SF_RETURN_IF_ERROR(shot.state == ShotState::kReconciled ? ReleaseShot(job, shot)
                                                                : CheckDepth(job.id, shot));
      }
      return FinishIfComplete(job.id);
    }
    case JobState::kAssembling:
      Ask(Chore::Kind::kAssemble, job.id);
      return absl::OkStatus();
    case JobState::kDone:
    case JobState::kFailed:
    case JobState::kCancelled:
      return absl::OkStatus();
  }
  return absl::OkStatus();
}

}  // namespace stereofarm
