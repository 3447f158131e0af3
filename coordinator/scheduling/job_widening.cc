// JobFlow: seams over the gate, whose shards run again with more overlap.
#include <algorithm>
#include <set>

#include "common/base/log.h"
#include "common/farm/stage_key.h"
#include "coordinator/planning/shard_plan.h"
#include "coordinator/scheduling/job_flow.h"
#include "coordinator/scheduling/task_spec.h"

namespace stereofarm {
namespace {

// How often the shard has been widened.
int WideningsOf(const Shard& shard, int overlap) {
  int widenings = 0;
  while (widenings < kMostWidenings && Widened(shard, overlap, widenings).full != shard.full) {
    ++widenings;
  }
  return widenings;
}

}  // namespace

absl::StatusOr<Shard> JobFlow::AsWidened(const JobRecord& job, const ShotRecord& shot,
                                         const Shard& planned) {
  if (job.settings.seam_gate_percent <= 0) return planned;
  SF_ASSIGN_OR_RETURN(const std::optional<TaskRecord> row,
                      store_->tasks().Get(job.id, TaskName(TaskKind::kDepth, planned.core)));
  if (!row) return planned;
  for (int widenings = kMostWidenings; widenings > 0; --widenings) {
    const Shard wide = Widened(planned, job.settings.overlap, widenings);
    if (wide == planned) continue;
    std::vector<std::string> no_inputs;
    SF_ASSIGN_OR_RETURN(
        const std::optional<TaskSpec> spec,
        SpecOfShardTask(store_, job, TaskKind::kDepth, shot, {{wide, {}}}, 0, &no_inputs));
    const std::string basis = StageBasis(*spec, job.source_identity, {}, job.model_files);
    // A row that was found on disk knows its result's key alone.
    if (row->stage_basis == basis || row->stage_key == StageKey(basis, row->numeric_class)) {
      return wide;
    }
  }
  return planned;
}

absl::StatusOr<bool> JobFlow::WidenSeams(const JobRecord& job, const ShotRecord& shot,
                                         std::vector<ShardRecord> shards,
                                         const ShotSolution& solution) {
  const double gate = job.settings.seam_gate_percent;
  if (gate <= 0) return false;
  std::set<size_t> wider;
  for (size_t i = 0; i + 1 < shards.size(); ++i) {
    const SeamReport& seam = solution.seams[i];
    if (seam.compared && seam.mean_percent > gate) wider.insert({i, i + 1});
  }
  bool any = false;
  for (const size_t i : wider) {
    Shard& shard = shards[i].shard;
    const int widenings = WideningsOf(shard, job.settings.overlap);
    if (widenings == kMostWidenings) continue;
    const Shard wide = Widened(shard, job.settings.overlap, widenings + 1);
    if (wide == shard) continue;
    shard = wide;
    any = true;
    SF_RETURN_IF_ERROR(store_->shots().UpdateShard(job.id, shards[i]));
    std::vector<std::string> no_inputs;
    SF_ASSIGN_OR_RETURN(
        const std::optional<TaskSpec> spec,
        SpecOfShardTask(store_, job, TaskKind::kDepth, shot, shards, i, &no_inputs));
    SF_ASSIGN_OR_RETURN(const std::optional<TaskRecord> row,
                        store_->tasks().Get(job.id, spec->task));
    TaskRecord task;
    task.job = job.id;
    task.name = spec->task;
    task.kind = TaskKind::kDepth;
    task.core = shard.core;
    task.shot_begin = shot.frames.begin;
    task.numeric_class = shot.numeric_class;
    if (row) task.warm_worker = row->worker;
    task.stage_basis = StageBasis(*spec, job.source_identity, {}, job.model_files);
    SF_RETURN_IF_ERROR(desk_->Want(task).status());
  }
  if (!any) return false;
  SF_LOG(kInfo) << "job " << job.id << ": seams of the shot at frame " << shot.frames.begin
                << " are over the gate; their shards run again with more overlap";
  ShotRecord again = shot;
  again.state = ShotState::kPlanned;
  SF_RETURN_IF_ERROR(store_->shots().Update(job.id, again));
  return true;
}

}  // namespace stereofarm
