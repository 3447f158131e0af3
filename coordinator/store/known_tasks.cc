#include "coordinator/store/known_tasks.h"

#include <utility>

namespace stereofarm {
namespace {

std::string KeyOf(const std::string& job, const std::string& name) {
  std::string key;
  key.reserve(job.size() + 1 + name.size());
  return key.append(job).append(1, '\0').append(name);
}

}  // namespace

TaskRecord* KnownTasks::Find(const std::string& job, const std::string& name) {
  const std::string key = KeyOf(job, name);
  if (const auto it = lately_.find(key); it != lately_.end()) return &it->second;
  auto node = before_.extract(key);
  if (node.empty()) return nullptr;
  if (lately_.size() >= most_) before_ = std::exchange(lately_, {});
  return &lately_.insert(std::move(node)).position->second;
}

void KnownTasks::Keep(const TaskRecord& task) {
  if (task.state != TaskState::kLeased && task.state != TaskState::kDone) {
    Forget(task.job, task.name);
    return;
  }
  if (TaskRecord* known = Find(task.job, task.name)) {
    *known = task;
    return;
  }
  if (lately_.size() >= most_) before_ = std::exchange(lately_, {});
  lately_.emplace(KeyOf(task.job, task.name), task);
}

void KnownTasks::Forget(const std::string& job, const std::string& name) {
  const std::string key = KeyOf(job, name);
  lately_.erase(key);
  before_.erase(key);
}

void KnownTasks::ForgetAll() {
  lately_.clear();
  before_.clear();
}

}  // namespace stereofarm
