#ifndef STEREOFARM_COORDINATOR_SCHEDULING_TASK_SPEC_H_
#define STEREOFARM_COORDINATOR_SCHEDULING_TASK_SPEC_H_

#include <optional>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "coordinator/store/farm_store.h"

namespace stereofarm {

// "depth/000120-000216"
std::string TaskName(TaskKind kind, const FrameRange& core);
// The job's index, relative to the store.
std::string IndexFile(const std::string& job);
// The kinds of tasks of each shard, in the order in which they run.
std::vector<TaskKind> KindsOf(const JobSettings& settings);
// The kind whose results are the film's segments.
TaskKind SegmentKind(const JobSettings& settings);
// "segment.0.mov": of output `index`.
std::string SegmentName(size_t index, const std::string& extension);

// What `kind` on the core of `shards[index]` is told, without its basis; nothing while one of the
// results that it reads isn't there (any more). `input_keys`: the stage keys of those results, as
// StageBasis wants them. `shards`: all of the shot.
absl::StatusOr<std::optional<TaskSpec>> SpecOfShardTask(FarmStore* store, const JobRecord& job,
                                                        TaskKind kind, const ShotRecord& shot,
                                                        const std::vector<ShardRecord>& shards,
                                                        size_t index,
                                                        std::vector<std::string>* input_keys);
// The stage key that the shard's segment has when workers of `numeric_class` make it as it's
// planned now, whether or not what lies between depth and segment is still there; empty while its
// depth isn't known.
absl::StatusOr<std::string> SegmentKey(FarmStore* store, const JobRecord& job,
                                       const ShotRecord& shot,
                                       const std::vector<ShardRecord>& shards, size_t index,
                                       const std::string& numeric_class);
// Whether the depth task for `core` is one of its shot's skeletons (common/farm/task.h): no shard's
// core is as long. So its name, "depth/000000-004800", is no shard's either.
bool IsSkeleton(const JobSettings& settings, TaskKind kind, const FrameRange& core);
// What the shot's skeletons are told, coarse ones first (PlanSkeletons); none where it needs none.
// `shards`: all of the shot.
std::vector<TaskSpec> SpecsOfSkeletons(const JobRecord& job, const ShotRecord& shot,
                                       const std::vector<ShardRecord>& shards);
// How many frames the task works on.
absl::StatusOr<int64_t> FramesOfTask(FarmStore* store, const TaskRecord& task);
TaskSpec SpecOfScan(const JobRecord& job, const FrameRange& frames);

// What a ready task's lease says; nothing while a result that it reads isn't there.
absl::StatusOr<std::optional<TaskSpec>> SpecOfTask(FarmStore* store, const JobRecord& job,
                                                   const TaskRecord& task);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_SCHEDULING_TASK_SPEC_H_
