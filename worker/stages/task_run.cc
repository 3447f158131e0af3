#include "worker/stages/task_run.h"

#include <ctime>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"
#include "common/base/log.h"

namespace stereofarm {
namespace {

// Of the calling thread.
int64_t ProcessorMicros() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return int64_t{time.tv_sec} * 1000000 + time.tv_nsec / 1000;
}

}  // namespace

TaskLog::TaskLog(const std::filesystem::path& file) {
  if (file.empty()) return;
  if (absl::Status made = MakeDirectories(file.parent_path()); !made.ok()) {
    SF_LOG(kWarning) << "no log of this attempt: " << made.message();
    return;
  }
  file_.open(file, std::ios::app);
  if (!file_) SF_LOG(kWarning) << "no log of this attempt: cannot write " << file.string();
}

void TaskLog::Line(const std::string& text) {
  const int64_t micros = RealClock()->WallMicros();
  const std::time_t seconds = static_cast<std::time_t>(micros / 1000000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char date[32];
  std::strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &utc);
  std::lock_guard lock(mutex_);
  if (!file_.is_open()) return;
  file_ << absl::StrFormat("%s.%03dZ %s\n", date, micros / 1000 % 1000, text) << std::flush;
}

TaskRun::TaskRun(const TaskSpec& spec, const TaskPlace& place, std::filesystem::path folder,
                 std::shared_ptr<const FrameIndex> index, TaskProgress* progress, TaskLog* log)
    : spec_(spec),
      place_(place),
      folder_(std::move(folder)),
      index_(std::move(index)),
      progress_(progress),
      log_(log) {}

absl::Status TaskRun::CheckCancelled() const {
  if (progress_->cancelled) return absl::CancelledError("the task was stopped");
  return absl::OkStatus();
}

void TaskRun::AddTime(const std::string& stage, int64_t micros, int64_t processor_micros) {
  std::lock_guard lock(mutex_);
  Times& times = times_[stage];
  times.micros += micros;
  times.processor_micros += processor_micros;
}

std::string TaskRun::TimesText() const {
  std::lock_guard lock(mutex_);
  std::string text;
  for (const auto& [stage, times] : times_) {
    if (!text.empty()) text += ", ";
    text += absl::StrFormat("%s %.2f s (%.2f s of processor)", stage,
                            static_cast<double>(times.micros) / 1e6,
                            static_cast<double>(times.processor_micros) / 1e6);
  }
  return text;
}

StageTimer::StageTimer(TaskRun* run, const char* stage)
    : run_(run),
      stage_(stage),
      start_(RealClock()->MonotonicMicros()),
      processor_start_(ProcessorMicros()) {}

StageTimer::~StageTimer() {
  run_->AddTime(stage_, RealClock()->MonotonicMicros() - start_,
                ProcessorMicros() - processor_start_);
}

}  // namespace stereofarm
