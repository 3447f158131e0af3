#ifndef STEREOFARM_WORKER_STAGES_TASK_RUN_H_
#define STEREOFARM_WORKER_STAGES_TASK_RUN_H_

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/farm/task.h"
#include "common/media/frame_index.h"
#include "worker/stages/task_place.h"

namespace stereofarm {

// What a task's stages and the thread that minds its lease share.
struct TaskProgress {
  std::atomic<bool> cancelled{false};
  std::atomic<int64_t> frames_done{0};
  std::atomic<int64_t> frames_total{0};
};

// One attempt's log, below the store. Thread-safe; a log that can't be written loses its lines and
// nothing else.
class TaskLog {
 public:
  explicit TaskLog(const std::filesystem::path& file);
  void Line(const std::string& text);

 private:
  std::mutex mutex_;
  std::ofstream file_;  // guarded by mutex_
};

// Everything around the stages of one attempt. Outlives them. Thread-safe where stages on several
// threads use it.
class TaskRun {
 public:
  // `folder`: the attempt's, which exists.
  TaskRun(const TaskSpec& spec, const TaskPlace& place, std::filesystem::path folder,
          std::shared_ptr<const FrameIndex> index, TaskProgress* progress, TaskLog* log);

  const TaskSpec& spec() const { return spec_; }
  const TaskPlace& place() const { return place_; }
  const std::filesystem::path& folder() const { return folder_; }
  const std::shared_ptr<const FrameIndex>& index() const { return index_; }
  int64_t PtsOf(int64_t frame) const { return index_->frames[static_cast<size_t>(frame)].pts; }

  // Cancelled when the attempt has been told to stop. Every stage asks before each frame.
  absl::Status CheckCancelled() const;
  void ExpectFrames(int64_t total) { progress_->frames_total = total; }
  void FrameDone() { ++progress_->frames_done; }
  void Log(const std::string& text) { log_->Line(text); }

  void AddTime(const std::string& stage, int64_t micros, int64_t processor_micros);
  // "decode 1.20 s (0.80 s of processor), warp …": time that each stage's own thread has worked.
  std::string TimesText() const;

 private:
  const TaskSpec& spec_;
  const TaskPlace& place_;
  const std::filesystem::path folder_;
  const std::shared_ptr<const FrameIndex> index_;
  TaskProgress* const progress_;
  TaskLog* const log_;
  mutable std::mutex mutex_;
  struct Times {
    int64_t micros = 0;
    int64_t processor_micros = 0;
  };
  std::map<std::string, Times> times_;  // guarded by mutex_
};

// Counts the time until it's destroyed as a stage's own. On one thread.
class StageTimer {
 public:
  StageTimer(TaskRun* run, const char* stage);
  ~StageTimer();
  StageTimer(const StageTimer&) = delete;
  StageTimer& operator=(const StageTimer&) = delete;

 private:
  TaskRun* const run_;
  const char* const stage_;
  const int64_t start_;
  const int64_t processor_start_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_WORKER_STAGES_TASK_RUN_H_
