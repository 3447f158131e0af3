#include "coordinator/scheduling/lease_book.h"

#include <iterator>

namespace stereofarm {

void LeaseBook::Put(HeldLease lease) {
  Key key(lease.attempt.job, lease.attempt.task);
  Drop(key.first, key.second);
  ++counts_[key.first];
  by_worker_.emplace(lease.worker, key);
  leases_.emplace(std::move(key), std::move(lease));
}

HeldLease* LeaseBook::FindTask(const std::string& job, const std::string& task) {
  const auto it = leases_.find({job, task});
  return it == leases_.end() ? nullptr : &it->second;
}

HeldLease* LeaseBook::Find(const AttemptRef& attempt) {
  HeldLease* lease = FindTask(attempt.job, attempt.task);
  if (lease == nullptr || lease->attempt.epoch != attempt.epoch ||
      lease->attempt.lease_id != attempt.lease_id) {
    return nullptr;
  }
  return lease;
}

void LeaseBook::Drop(const std::string& job, const std::string& task) {
  const auto it = leases_.find({job, task});
  if (it == leases_.end()) return;
  auto [first, last] = by_worker_.equal_range(it->second.worker);
  while (first != last) {
    first = first->second == it->first ? by_worker_.erase(first) : std::next(first);
  }
  leases_.erase(it);
  if (const auto count = counts_.find(job); --count->second == 0) counts_.erase(count);
}

void LeaseBook::Revoke(const std::string& job, const std::string& task) {
  const auto it = leases_.find({job, task});
  if (it == leases_.end()) return;
  revoked_.push_back(it->second);
  Drop(job, task);
}

std::vector<HeldLease> LeaseBook::Expired(int64_t now_micros) const {
  std::vector<HeldLease> expired;
  for (const auto& [key, lease] : leases_) {
    if (lease.checking == 0 && lease.deadline_micros <= now_micros) expired.push_back(lease);
  }
  return expired;
}

std::vector<HeldLease> LeaseBook::OfWorker(const std::string& worker) const {
  std::vector<HeldLease> held;
  const auto [first, last] = by_worker_.equal_range(worker);
  for (auto it = first; it != last; ++it) held.push_back(leases_.at(it->second));
  return held;
}

std::vector<HeldLease> LeaseBook::OfJob(const std::string& job) const {
  std::vector<HeldLease> held;
  for (auto it = leases_.lower_bound({job, ""}); it != leases_.end() && it->first.first == job;
       ++it) {
    held.push_back(it->second);
  }
  return held;
}

int LeaseBook::CountOfJob(const std::string& job) const {
  const auto it = counts_.find(job);
  return it == counts_.end() ? 0 : it->second;
}

std::vector<HeldLease> LeaseBook::All() const {
  std::vector<HeldLease> held;
  for (const auto& [key, lease] : leases_) held.push_back(lease);
  return held;
}

}  // namespace stereofarm
