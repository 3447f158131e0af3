#include "coordinator/scheduling/task_spec.h"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/farm/fill_window.h"
#include "common/farm/stage_key.h"
#include "coordinator/planning/shard_plan.h"
#include "coordinator/scheduling/cut_eases.h"

namespace stereofarm {
namespace {

// What a task reads of another: the published result of a shard's `kind`; nothing while there is
// none.
using ResultOf =
    std::function<absl::StatusOr<std::optional<TaskRecord>>(TaskKind kind, const Shard& shard)>;

absl::StatusOr<std::optional<TaskRecord>> PublishedResult(FarmStore* store, const std::string& job,
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

bool IsSkeleton(const JobSettings& settings, TaskKind kind, const FrameRange& core) {
  return kind == TaskKind::kDepth && core.size() > settings.shard_frames;
}

std::vector<TaskSpec> SpecsOfSkeletons(const JobRecord& job, const ShotRecord& shot,
                                       const std::vector<ShardRecord>& shards) {
  std::vector<TaskSpec> specs;
  if (!job.settings.WantsSkeleton()) return specs;
  std::vector<Shard> plain;
  for (const ShardRecord& record : shards) plain.push_back(record.shard);
  for (Skeleton& skeleton : PlanSkeletons(plain)) {
    TaskSpec& spec = specs.emplace_back(
        BareSpec(job, TaskKind::kDepth, {skeleton.range, skeleton.range, shot.frames}));
    spec.sample_frames = std::move(skeleton.frames);
  }
  return specs;
}

absl::StatusOr<int64_t> FramesOfTask(FarmStore* store, const TaskRecord& task) {
  SF_ASSIGN_OR_RETURN(const std::optional<JobRecord> job, store->jobs().Get(task.job));
  if (!job || !IsSkeleton(job->settings, task.kind, task.core)) return task.core.size();
  SF_ASSIGN_OR_RETURN(const std::optional<TaskSpec> spec, SpecOfTask(store, *job, task));
  return spec ? spec->FrameCount() : task.core.size();
}

TaskSpec SpecOfScan(const JobRecord& job, const FrameRange& frames) {
  return BareSpec(job, TaskKind::kScan, {frames, frames, frames});
}

namespace {

// SpecOfShardTask with what `result_of` says.
absl::StatusOr<std::optional<TaskSpec>> SpecFrom(FarmStore* store, const ResultOf& result_of,
                                                 const JobRecord& job, TaskKind kind,
                                                 const ShotRecord& shot,
                                                 const std::vector<ShardRecord>& shards,
                                                 size_t index,
                                                 std::vector<std::string>* input_keys) {
  const Shard& shard = shards[index].shard;
  TaskSpec spec = BareSpec(job, kind, shard);
  if (kind == TaskKind::kDepth) return spec;

  spec.depth_low = shot.depth_low;
  spec.depth_high = shot.depth_high;
  SF_ASSIGN_OR_RETURN(const std::optional<ShotEases> eases, EasesOf(store, job, shot));
  if (!eases) return std::nullopt;
  spec.ease_begin = eases->begin;
  spec.ease_end = eases->end;
  for (const ShardRecord& other : shards) {
    if (other.shard.full.Intersect(FillFrames(shard)).empty()) continue;
    SF_ASSIGN_OR_RETURN(const std::optional<TaskRecord> depth,
                        result_of(TaskKind::kDepth, other.shard));
    if (!depth) return std::nullopt;
    spec.depth.push_back({other.shard, depth->name, depth->committed_directory, other.ramp});
    input_keys->push_back(depth->stage_key);
  }
  if (kind == TaskKind::kInpaint || kind == TaskKind::kEncode) {
    SF_ASSIGN_OR_RETURN(const std::optional<TaskRecord> warp, result_of(TaskKind::kWarp, shard));
    if (!warp) return std::nullopt;
    spec.warp_task = warp->name;
    spec.warp_directory = warp->committed_directory;
    input_keys->push_back(warp->stage_key);
  }
  if (kind == TaskKind::kEncode) {
    SF_ASSIGN_OR_RETURN(const std::optional<TaskRecord> inpaint,
                        result_of(TaskKind::kInpaint, shard));
    if (!inpaint) return std::nullopt;
    spec.inpaint_task = inpaint->name;
    spec.inpaint_directory = inpaint->committed_directory;
    input_keys->push_back(inpaint->stage_key);
  }
  return spec;
}

}  // namespace

absl::StatusOr<std::optional<TaskSpec>> SpecOfShardTask(FarmStore* store, const JobRecord& job,
                                                        TaskKind kind, const ShotRecord& shot,
                                                        const std::vector<ShardRecord>& shards,
                                                        size_t index,
                                                        std::vector<std::string>* input_keys) {
  const auto result_of = [&](TaskKind input,
                             const Shard& shard) -> absl::StatusOr<std::optional<TaskRecord>> {
    SF_ASSIGN_OR_RETURN(std::optional<TaskRecord> task,
                        PublishedResult(store, job.id, input, shard));
    if (task && task->committed_directory.empty()) return std::nullopt;
    return task;
  };
  return SpecFrom(store, result_of, job, kind, shot, shards, index, input_keys);
}

absl::StatusOr<std::string> SegmentKey(FarmStore* store, const JobRecord& job,
                                       const ShotRecord& shot,
                                       const std::vector<ShardRecord>& shards, size_t index,
                                       const std::string& numeric_class) {
  // Of the stages between depth and segment: what they would be called, whatever is there.
  std::map<TaskKind, std::string> between;
  const auto result_of = [&](TaskKind input,
                             const Shard& shard) -> absl::StatusOr<std::optional<TaskRecord>> {
    if (input == TaskKind::kDepth) return PublishedResult(store, job.id, input, shard);
    TaskRecord task;
    task.stage_key = between[input];
    return task;
  };
  std::string key;
  const std::vector<TaskKind> kinds = KindsOf(job.settings);
  for (size_t k = 1; k < kinds.size(); ++k) {
    std::vector<std::string> input_keys;
    SF_ASSIGN_OR_RETURN(
        const std::optional<TaskSpec> spec,
        SpecFrom(store, result_of, job, kinds[k], shot, shards, index, &input_keys));
    if (!spec) return std::string();
    key = StageKey(StageBasis(*spec, job.source_identity, input_keys, ""), numeric_class);
    between[kinds[k]] = key;
  }
  return key;
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
  if (IsSkeleton(job.settings, task.kind, task.core)) {
    SF_ASSIGN_OR_RETURN(const std::vector<ShardRecord> all,
                        store->shots().Shards(job.id, shot->frames));
    for (TaskSpec& spec : SpecsOfSkeletons(job, *shot, all)) {
      if (spec.shard.core != task.core) continue;
      spec.stage_basis = task.stage_basis;
      return std::move(spec);
    }
    return std::nullopt;
  }
  // The neighbours that may share frames with it, however long the shot is.
  const int reach = std::max(job.settings.shard_frames, job.settings.overlap) + kFillWindow;
  const FrameRange near =
      FrameRange{task.core.begin - job.settings.shard_frames - reach, task.core.end + reach}
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
