#ifndef STEREOFARM_COORDINATOR_STORE_RECORDS_H_
#define STEREOFARM_COORDINATOR_STORE_RECORDS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "common/farm/cut_depth.h"
#include "common/farm/job_settings.h"
#include "common/farm/task.h"
#include "common/timeline/frame_range.h"

namespace stereofarm {

// The rows of the farm's database as plain values.

struct JobRecord {
  std::string id;
  JobState state = JobState::kQueued;
  JobSettings settings;
  bool replace = false;  // existing outputs are replaced
  int64_t priority = 0;  // higher first
  bool paused = false;
  int64_t max_workers = 0;        // at the same time; 0: any number
  std::vector<std::string> tags;  // that a worker must have
  std::string owner;              // who submitted it, on a farm that knows its callers
  std::string error;              // one sentence, of a failed job
  // Known once the film is indexed.
  std::string source_identity;
  std::string model_files;
  std::string fingerprint;
  FrameRange range;      // of the film: what is made of it
  bool planned = false;  // every shot of the range is known
  int64_t tasks_run = 0;
  int64_t tasks_reused = 0;
  // Wall clock: first submitted; submitted or continued last; ended, or 0.
  int64_t created_micros = 0;
  int64_t started_micros = 0;
  int64_t ended_micros = 0;
};

// What decides whose turn it is, of a job whose tasks may be handed out.
struct DispatchableJob {
  std::string id;
  int64_t priority = 0;
  int64_t max_workers = 0;
  std::vector<std::string> tags;
};

enum class ShotState { kPlanned, kDepthDone, kReconciled };

struct ShotRecord {
  FrameRange frames;
  ShotState state = ShotState::kPlanned;
  double depth_low = 0;  // d = 0 and d = 1 of the reconciled shot
  double depth_high = 1;
  double measured = 1;        // of its depth: 0 (all is guessed) .. 1
  CutDepth first, last;       // of its first and its last frame, in d, before any turn
  std::string numeric_class;  // of the workers that may work on it; empty: any yet
};

struct ShardRecord {
  Shard shard;
  AlignmentRamp ramp;  // once the shot is reconciled
};

struct SeamRecord {
  int64_t shot_begin = 0;
  int64_t frame = 0;
  double residual_percent = 0;  // of picture width
};

inline constexpr int64_t kNoShot = -1;

struct TaskRecord {
  std::string job;
  std::string name;
  TaskKind kind = TaskKind::kScan;
  FrameRange core;
  int64_t shot_begin = kNoShot;
  TaskState state = TaskState::kWaiting;
  bool wanted = true;  // part of the job's present plan
  // Of the last lease.
  int64_t epoch = 0;
  std::string lease_id;
  std::string worker;
  // Leased or done: of that worker. Else: the only one that may take it; empty: any.
  std::string numeric_class;
  std::string avoid_worker;  // the one it failed on last
  int64_t attempts = 0;
  int64_t failures = 0;       // that count
  int64_t free_failures = 0;  // that don't, as long as there are few
  int64_t damages = 0;        // results that turned out damaged
  int64_t memory_step = 0;
  std::string warm_worker;  // has read or made what it reads; preferred
  std::string stage_basis;
  // Done:
  std::string stage_key;
  std::string committed_directory;  // relative to the store; empty: removed since
  bool published = false;           // committed.pb is written; others may read the result
  double seconds = 0;
  std::string error;  // of the last failed attempt
  bool operator==(const TaskRecord&) const = default;
};

// A shot with tasks that are ready for one class of workers only.
struct ClassedShot {
  std::string job;
  int64_t shot_begin = kNoShot;
  std::string numeric_class;
};

// Which attempt at a task is meant: writes that belong to a lease touch a row only if all of it
// fits.
struct AttemptRef {
  std::string job;
  std::string task;
  int64_t epoch = 0;
  std::string lease_id;
};

// One failed attempt.
struct FailureRecord {
  AttemptRef attempt;
  std::string worker;
  std::string worker_name;
  FailureClass failure = FailureClass::kRetryable;
  std::string message;
  int64_t wall_micros = 0;
};

enum class WorkerState {
  kActive,
  kDraining,  // gets no more tasks
  kAside,     // fails what others can do
};

struct WorkerRecord {
  std::string id;
  std::string name;
  std::string device;
  std::string numeric_class;
  std::string build;
  std::vector<std::string> tags;
  int64_t memory_bytes = 0;  // of the device; 0: not said
  WorkerState state = WorkerState::kActive;
  std::string reason;  // why it was put aside
  // Common name of the certificate that registered it; empty on a farm that doesn't know its
  // callers.
  std::string certificate;
};

// Tasks of one kind and state in a job's plan.
struct TaskTally {
  TaskKind kind = TaskKind::kScan;
  TaskState state = TaskState::kWaiting;
  int64_t tasks = 0;
  int64_t frames = 0;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_STORE_RECORDS_H_
