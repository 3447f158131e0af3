#include "coordinator/service/held_renewals.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "coordinator/scheduling/attempt_ref.h"

namespace stereofarm {

HeldRenewals::HeldRenewals() : thread_([this] { Loop(); }) {}

HeldRenewals::~HeldRenewals() {
  Stop();
  thread_.join();
}

void HeldRenewals::Stop() {
  absl::MutexLock lock(&mutex_);
  stopping_ = true;
}

uint64_t HeldRenewals::Hold(const AttemptRef& attempt, Answer answer) {
  absl::MutexLock lock(&mutex_);
  const uint64_t id = next_id_++;
  leases_.emplace(attempt.lease_id, id);
  deadlines_.emplace(absl::InfiniteFuture(), id);
  held_.emplace(id, Held{attempt, absl::InfiniteFuture(), std::move(answer)});
  return id;
}

void HeldRenewals::AnswerAfter(uint64_t id, absl::Duration wait) {
  absl::MutexLock lock(&mutex_);
  const auto it = held_.find(id);
  if (it == held_.end()) return;
  EraseDeadline(it->second.deadline, id);
  const absl::Time deadline = absl::Now() + wait;
  earlier_ = earlier_ || deadlines_.empty() || deadline < deadlines_.begin()->first;
  it->second.deadline = deadline;
  deadlines_.emplace(deadline, id);
}

void HeldRenewals::EraseDeadline(absl::Time deadline, uint64_t id) {
  const auto [first, last] = deadlines_.equal_range(deadline);
  deadlines_.erase(
      std::find_if(first, last, [id](const auto& entry) { return entry.second == id; }));
}

std::map<uint64_t, HeldRenewals::Held>::iterator HeldRenewals::Drop(
    std::map<uint64_t, Held>::iterator it) {
  EraseDeadline(it->second.deadline, it->first);
  const auto [first, last] = leases_.equal_range(it->second.attempt.lease_id);
  leases_.erase(
      std::find_if(first, last, [&](const auto& entry) { return entry.second == it->first; }));
  return held_.erase(it);
}

bool HeldRenewals::Forget(uint64_t id) {
  absl::MutexLock lock(&mutex_);
  const auto it = held_.find(id);
  if (it == held_.end()) return false;
  Drop(it);
  return true;
}

void HeldRenewals::Revoke(const std::vector<AttemptRef>& attempts) {
  std::vector<Held> lost;
  {
    absl::MutexLock lock(&mutex_);
    for (const AttemptRef& attempt : attempts) {
      while (true) {
        const auto found = leases_.find(attempt.lease_id);
        if (found == leases_.end()) break;
        const auto it = held_.find(found->second);
        lost.push_back(it->second);
        Drop(it);
      }
    }
  }
  for (const Held& held : lost) held.answer(LeaseLost(held.attempt));
}

void HeldRenewals::Loop() {
  bool stopping = false;
  while (!stopping) {
    std::vector<Answer> over;
    {
      absl::MutexLock lock(&mutex_);
      const auto called = [this]()
                              ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return earlier_ || stopping_; };
      const absl::Time next =
          deadlines_.empty() ? absl::InfiniteFuture() : deadlines_.begin()->first;
      mutex_.AwaitWithDeadline(absl::Condition(&called), next);
      earlier_ = false;
      stopping = stopping_;
      const absl::Time now = stopping ? absl::InfiniteFuture() : absl::Now();
      while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
        const auto it = held_.find(deadlines_.begin()->second);
        over.push_back(std::move(it->second.answer));
        Drop(it);
      }
    }
    for (const Answer& answer : over) answer(absl::OkStatus());
  }
}

}  // namespace stereofarm
