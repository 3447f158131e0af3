#include "coordinator/scheduling/task_spec.h"

#include "absl/strings/str_format.h"

namespace stereofarm {
namespace {

// The published result of a shard's `kind`; nothing while there is none.
absl::StatusOr<std::optional<TaskRecord>> ResultOf(FarmStore* store, const std::string& job,
                                                   TaskKind kind, const Shard& shard) {
  SF_ASSIGN_OR_RETURN(std::optional<TaskRecord> task,
                      store->tasks().Get(job, TaskName(kind, shard.core)));
  if (!task || !task->published || !task->wanted) return std::nullopt;
  return task;
}

TaskSpec BareSpec(const JobRecord& job, TaskKind kind, const Shard& shard) {
  TaskSpec spec;
  spec.job = job.id;
  spec.task = TaskName(kind, shard.core);
  spec.kind = kind;
  spec.shard = shard;
  spec.settings = job.settings;
  spec.index_file = IndexFile(job.id);
  return spec;
}

}  // namespace

std::string TaskName(TaskKind kind, const FrameRange& core) {
  return TaskKindName(kind) + "/" + RangeName(core);
}

std::string IndexFile(const std::string& job) { return "jobs/" + job + "/index.pb"; }

std::vector<TaskKind> KindsOf(const JobSettings& settings) {
  if (settings.exr == ExrMode::kDepth) return {TaskKind::kDepth, TaskKind::kRender};
  return {TaskKind::kDepth, TaskKind::kWarp, TaskKind::kInpaint, TaskKind::kEncode};
}

TaskKind SegmentKind(const JobSettings& settings) { return KindsOf(settings).back(); }

std::string SegmentName(size_t index, const std::string& extension) {
  return absl::StrFormat("segment.%d.%s", index, extension);
}

TaskSpec SpecOfScan(const JobRecord& job, const FrameRange& frames) {
  return BareSpec(job, TaskKind::kScan, {frames, frames, frames});
}

absl::StatusOr<std::optional<TaskSpec>> SpecOfShardTask(FarmStore* store, const JobRecord& job,
                                                        TaskKind kind, const ShotRecord& shot,
                                                        const std::vector<ShardRecord>& shards,
                                                        size_t index,
                                                        std::vector<std::string>* input_keys) {
  const Shard& shard = shards[index].shard;
  TaskSpec spec = BareSpec(job, kind, shard);
  if (kind == TaskKind::kDepth) return spec;

  if (kind != TaskKind::kInpaint) {
    spec.depth_low = shot.depth_low;
    spec.depth_high = shot.depth_high;
    for (const ShardRecord& other : shards) {
      if (other.shard.full.Intersect(shard.core).empty()) continue;
      SF_ASSIGN_OR_RETURN(const std::optional<TaskRecord> depth,
                          ResultOf(store, job.id, TaskKind::kDepth, other.shard));
      if (!depth) return std::nullopt;
      spec.depth.push_back(
          {other.shard, depth->name, depth->committed_directory, other.scale, other.shift});
      input_keys->push_back(depth->stage_key);
    }
  }
  if (kind == TaskKind::kInpaint || kind == TaskKind::kEncode) {
    SF_ASSIGN_OR_RETURN(const std::optional<TaskRecord> warp,
                        ResultOf(store, job.id, TaskKind::kWarp, shard));
    if (!warp) return std::nullopt;
    spec.warp_task = warp->name;
    spec.warp_directory = warp->committed_directory;
    input_keys->push_back(warp->stage_key);
  }
  if (kind == TaskKind::kEncode) {
    SF_ASSIGN_OR_RETURN(const std::optional<TaskRecord> inpaint,
                        ResultOf(store, job.id, TaskKind::kInpaint, shard));
    if (!inpaint) return std::nullopt;
    spec.inpaint_task = inpaint->name;
    spec.inpaint_directory = inpaint->committed_directory;
    input_keys->push_back(inpaint->stage_key);
  }
  return spec;
}

absl::StatusOr<std::optional<TaskSpec>> SpecOfTask(FarmStore* store, const JobRecord& job,
                                                   const TaskRecord& task) {
  if (task.kind == TaskKind::kScan) {
    TaskSpec spec = SpecOfScan(job, task.core);
    spec.stage_basis = task.stage_basis;
    return spec;
  }
  SF_ASSIGN_OR_RETURN(const std::optional<ShotRecord> shot,
                      store->shots().Get(job.id, task.shot_begin));
  if (!shot) return std::nullopt;
  // The neighbours that may share frames with it, however long the shot is.
  const FrameRange near =
      FrameRange{task.core.begin - job.settings.shard_frames - job.settings.overlap,
                 task.core.end + job.settings.overlap}
          .Intersect(shot->frames);
  SF_ASSIGN_OR_RETURN(const std::vector<ShardRecord> shards,
                      store->shots().Shards(job.id, shot->frames, near));
  for (size_t i = 0; i < shards.size(); ++i) {
    if (shards[i].shard.core != task.core) continue;
    std::vector<std::string> input_keys;
    SF_ASSIGN_OR_RETURN(std::optional<TaskSpec> spec,
                        SpecOfShardTask(store, job, task.kind, *shot, shards, i, &input_keys));
    if (spec) spec->stage_basis = task.stage_basis;
    return spec;
  }
  return std::nullopt;
}

}  // namespace stereofarm
