#include "common/farm/task.h"

#include <array>
#include <utility>

#include "absl/strings/str_format.h"

namespace stereofarm {
namespace {

template <typename Value, size_t n>
using Names = std::array<std::pair<const char*, Value>, n>;

constexpr Names<TaskKind, 6> kTaskKinds = {{{"scan", TaskKind::kScan},
                                            {"depth", TaskKind::kDepth},
                                            {"render", TaskKind::kRender},
                                            {"warp", TaskKind::kWarp},
                                            {"inpaint", TaskKind::kInpaint},
                                            {"encode", TaskKind::kEncode}}};
constexpr Names<TaskState, 7> kTaskStates = {{{"waiting", TaskState::kWaiting},
                                              {"ready", TaskState::kReady},
                                              {"leased", TaskState::kLeased},
                                              {"done", TaskState::kDone},
                                              {"failed", TaskState::kFailed},
                                              {"superseded", TaskState::kSuperseded},
                                              {"cancelled", TaskState::kCancelled}}};
constexpr Names<JobState, 6> kJobStates = {{{"queued", JobState::kQueued},
                                            {"running", JobState::kRunning},
                                            {"assembling", JobState::kAssembling},
                                            {"done", JobState::kDone},
                                            {"failed", JobState::kFailed},
                                            {"cancelled", JobState::kCancelled}}};
constexpr Names<FailureClass, 8> kFailures = {{{"permanent", FailureClass::kPermanent},
                                               {"retryable", FailureClass::kRetryable},
                                               {"storage-away", FailureClass::kStorageAway},
                                               {"storage-full", FailureClass::kStorageFull},
                                               {"device-memory", FailureClass::kDeviceMemory},
                                               {"input-damaged", FailureClass::kInputDamaged},
                                               {"worker-lost", FailureClass::kWorkerLost},
                                               {"stalled", FailureClass::kStalled}}};

template <typename Value, size_t n>
std::string NameIn(const Names<Value, n>& table, Value value) {
  for (const auto& [name, entry] : table) {
    if (entry == value) return name;
  }
  return "";
}

template <typename Value, size_t n>
absl::StatusOr<Value> FindIn(const Names<Value, n>& table, const char* what,
                             const std::string& name) {
  for (const auto& [entry_name, value] : table) {
    if (name == entry_name) return value;
  }
  return absl::InvalidArgumentError(absl::StrFormat("'%s' is not a %s", name, what));
}

}  // namespace

std::string TaskKindName(TaskKind kind) { return NameIn(kTaskKinds, kind); }
absl::StatusOr<TaskKind> ParseTaskKind(const std::string& name) {
  return FindIn(kTaskKinds, "kind of task", name);
}
std::string TaskStateName(TaskState state) { return NameIn(kTaskStates, state); }
absl::StatusOr<TaskState> ParseTaskState(const std::string& name) {
  return FindIn(kTaskStates, "task state", name);
}
std::string JobStateName(JobState state) { return NameIn(kJobStates, state); }
absl::StatusOr<JobState> ParseJobState(const std::string& name) {
  return FindIn(kJobStates, "job state", name);
}
std::string FailureClassName(FailureClass failure) { return NameIn(kFailures, failure); }
absl::StatusOr<FailureClass> ParseFailureClass(const std::string& name) {
  return FindIn(kFailures, "failure class", name);
}

std::vector<int64_t> DepthFrames(const TaskSpec& spec) {
  if (spec.IsSkeleton()) return spec.sample_frames;
  std::vector<int64_t> frames;
  for (int64_t frame = spec.shard.full.begin; frame < spec.shard.full.end; ++frame) {
    frames.push_back(frame);
  }
  return frames;
}

}  // namespace stereofarm
