#include "coordinator/scheduling/worker_roster.h"

#include <algorithm>

namespace stereofarm {

void WorkerRoster::Put(const WorkerRecord& record, int64_t now_micros) {
  KnownWorker& worker = workers_[record.id];
  worker.record = record;
  worker.heard_micros = now_micros;
  worker.lost = false;
}

void WorkerRoster::Remove(const std::string& id) {
  const auto it = workers_.find(id);
  if (it == workers_.end()) return;
  int64_t& seen = class_seen_micros_[it->second.record.numeric_class];
  seen = std::max(seen, it->second.heard_micros);
  workers_.erase(it);
}

const KnownWorker* WorkerRoster::Hear(const std::string& id, int64_t now_micros) {
  const auto it = workers_.find(id);
  if (it == workers_.end()) return nullptr;
  it->second.heard_micros = now_micros;
  it->second.lost = false;
  return &it->second;
}

const KnownWorker* WorkerRoster::Find(const std::string& id) const {
  const auto it = workers_.find(id);
  return it == workers_.end() ? nullptr : &it->second;
}

const KnownWorker* WorkerRoster::FindByName(const std::string& id_or_name) const {
  if (const KnownWorker* worker = Find(id_or_name)) return worker;
  const KnownWorker* found = nullptr;
  for (const auto& [id, worker] : workers_) {
    if (worker.record.name != id_or_name) continue;
    if (found != nullptr) return nullptr;
    found = &worker;
  }
  return found;
}

void WorkerRoster::SetState(const std::string& id, WorkerState state, const std::string& reason,
                            int64_t now_micros) {
  const auto it = workers_.find(id);
  if (it == workers_.end()) return;
  KnownWorker& worker = it->second;
  if (worker.record.state == WorkerState::kActive) worker.inactive_micros = now_micros;
  if (state == WorkerState::kActive) worker.blame = 0;
  worker.record.state = state;
  worker.record.reason = reason;
}

void WorkerRoster::SetStopping(const std::string& id, bool stopping) {
  if (const auto it = workers_.find(id); it != workers_.end()) it->second.stopping = stopping;
}

int WorkerRoster::Blame(const std::string& id, int change) {
  const auto it = workers_.find(id);
  if (it == workers_.end()) return 0;
  it->second.blame = std::max(0, it->second.blame + change);
  return it->second.blame;
}

bool WorkerRoster::NoteSilence(int64_t now_micros) {
  bool any = false;
  for (auto& [id, worker] : workers_) {
    if (worker.lost || now_micros - worker.heard_micros <= silence_micros_) continue;
    worker.lost = true;
    any = true;
  }
  return any;
}

bool WorkerRoster::HasOther(const std::string& id, const std::string& numeric_class) const {
  return std::any_of(workers_.begin(), workers_.end(), [&](const auto& entry) {
    return entry.first != id && !entry.second.lost &&
           entry.second.record.state == WorkerState::kActive &&
           (numeric_class.empty() || entry.second.record.numeric_class == numeric_class);
  });
}

int64_t WorkerRoster::ClassGoneMicros(const std::string& numeric_class, int64_t now_micros) const {
  if (HasOther("", numeric_class)) return 0;
  int64_t seen = started_micros_;
  if (const auto it = class_seen_micros_.find(numeric_class); it != class_seen_micros_.end()) {
    seen = std::max(seen, it->second);
  }
  for (const auto& [id, worker] : workers_) {
    if (worker.record.numeric_class != numeric_class) continue;
    const bool active = worker.record.state == WorkerState::kActive;
    seen = std::max(seen, active ? worker.heard_micros : worker.inactive_micros);
  }
  return std::max<int64_t>(1, now_micros - seen);
}

std::vector<KnownWorker> WorkerRoster::All() const {
  std::vector<KnownWorker> all;
  for (const auto& [id, worker] : workers_) all.push_back(worker);
  return all;
}

}  // namespace stereofarm
