#ifndef STEREOFARM_COMMON_FARM_TASK_H_
#define STEREOFARM_COMMON_FARM_TASK_H_

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/farm/alignment.h"
#include "common/farm/job_settings.h"
#include "common/timeline/frame_range.h"

namespace stereofarm {

// What a worker can be asked to do with one range of frames. kRender is warp, inpaint and encode in
// one.
enum class TaskKind { kScan, kDepth, kRender, kWarp, kInpaint, kEncode };

// Legal moves (coordinator/scheduling/legal_moves.cc has the table): waiting <-> ready -> leased ->
// done | failed; leased -> ready (lease lost, handed back, to be retried) or waiting (an input was
// taken back); any -> superseded (another result is wanted) -> ready or waiting; any but done ->
// cancelled.
enum class TaskState { kWaiting, kReady, kLeased, kDone, kFailed, kSuperseded, kCancelled };

enum class JobState { kQueued, kRunning, kAssembling, kDone, kFailed, kCancelled };

std::string TaskKindName(TaskKind kind);
absl::StatusOr<TaskKind> ParseTaskKind(const std::string& name);
std::string TaskStateName(TaskState state);
absl::StatusOr<TaskState> ParseTaskState(const std::string& name);
std::string JobStateName(JobState state);
absl::StatusOr<JobState> ParseJobState(const std::string& name);

// Why an attempt failed; coordinator/scheduling/failure_rules.h says what follows from each.
enum class FailureClass {
  kPermanent,     // bad input: the same everywhere and next time
  kRetryable,     // anything unexpected
  kStorageAway,   // the store or the film can't be reached from the worker
  kStorageFull,   // a disk is full
  kDeviceMemory,  // the device or the machine has too little memory
  kInputDamaged,  // an intermediate of `damaged_task` doesn't match its manifest
  // Said by the coordinator, never by a worker:
  kWorkerLost,  // the worker was silent for a whole lease
  kStalled,     // no progress, or far slower than its like
};
std::string FailureClassName(FailureClass failure);
absl::StatusOr<FailureClass> ParseFailureClass(const std::string& name);

// So often a task may run out of memory before that counts as a failure.
inline constexpr int kMostMemorySteps = 3;

// The committed depth of one shard, as render and warp read it: aligned by a ramp over the
// shard's full range.
struct DepthSource {
  Shard shard;
  std::string task;       // "depth/000120-000216"
  std::string directory;  // of the committed attempt, relative to the store
  AlignmentRamp ramp;
  bool operator==(const DepthSource&) const = default;
};

// Everything a worker needs to know to run one task. Paths are relative to the store unless they
// are the user's own.
struct TaskSpec {
  std::string job;
  std::string task;  // unique in the job: "depth/000120-000216"
  TaskKind kind = TaskKind::kScan;
  Shard shard;  // scan: core == full
  JobSettings settings;
  std::string index_file;
  // depth of a skeleton: the only frames that are looked at, ascending, all over the shard, which
  // is the shot or a long part of it. It leaves samples and no pictures. Else empty.
  std::vector<int64_t> sample_frames;
  // render, warp, encode: the depth of this shard and of the neighbours that share its frames; and
  // the shot's range: d = (joined - depth_low) / (depth_high - depth_low).
  std::vector<DepthSource> depth;
  double depth_low = 0;
  double depth_high = 1;
  // Where the shot begins and ends, that range is turned (common/farm/depth_ease.h).
  DepthEase ease_begin;
  DepthEase ease_end;
  // inpaint: the committed warp attempt; encode: the committed inpaint (and, for masks, warp)
  // attempts of this shard.
  std::string warp_task;
  std::string warp_directory;
  std::string inpaint_task;
  std::string inpaint_directory;
  // Hash of all that decides this stage's result but the numeric class (StageKey adds it).
  std::string stage_basis;
  // How often the task ran out of memory: from 1 on the worker first drops the models and pictures
  // that it keeps from other tasks. Changes no byte of the result.
  int memory_step = 0;

  bool IsSkeleton() const { return !sample_frames.empty(); }
  // How many frames it works on, but for overlaps and windows.
  int64_t FrameCount() const {
    return IsSkeleton() ? static_cast<int64_t>(sample_frames.size()) : shard.core.size();
  }
  bool operator==(const TaskSpec&) const = default;
};

// The frames that a depth task leaves something of: its shard's with their overlap, or a
// skeleton's.
std::vector<int64_t> DepthFrames(const TaskSpec& spec);

// A task lent to a worker. Epoch and id fence everything that the worker writes and says.
struct TaskLease {
  TaskSpec spec;
  int64_t epoch = 0;
  std::string lease_id;
  std::string
      attempt_directory;     // relative to the store; the worker makes it and writes nowhere else
  std::string log_file;      // relative to the store
  std::string store_marker;  // content of the store's marker (common/artifacts/store_marker.h)
  int64_t lease_micros = 0;  // from the moment it was handed out
};

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_FARM_TASK_H_
