#include "coordinator/service/lease_waiters.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"

namespace stereofarm {

LeaseWaiters::LeaseWaiters(JobEngine* engine) : engine_(engine), thread_([this] { Loop(); }) {}

LeaseWaiters::~LeaseWaiters() {
  Stop();
  thread_.join();
}

void LeaseWaiters::Stop() {
  absl::MutexLock lock(&mutex_);
  stopping_ = true;
}

uint64_t LeaseWaiters::Park(const std::string& worker, absl::Duration wait, Answer answer) {
  absl::MutexLock lock(&mutex_);
  const uint64_t id = next_id_++;
  waiters_.emplace(id, Waiter{worker, absl::Now() + wait, std::move(answer)});
  woken_ = true;
  return id;
}

bool LeaseWaiters::Forget(uint64_t id) { return Take(id).has_value(); }

void LeaseWaiters::Wake() {
  absl::MutexLock lock(&mutex_);
  woken_ = true;
}

std::optional<LeaseWaiters::Waiter> LeaseWaiters::Take(uint64_t id) {
  absl::MutexLock lock(&mutex_);
  const auto it = waiters_.find(id);
  if (it == waiters_.end()) return std::nullopt;
  Waiter waiter = std::move(it->second);
  waiters_.erase(it);
  return waiter;
}

absl::Time LeaseWaiters::NextDeadline() const {
  absl::Time next = absl::InfiniteFuture();
  for (const auto& [id, waiter] : waiters_) next = std::min(next, waiter.deadline);
  return next;
}

void LeaseWaiters::Loop() {
  while (true) {
    {
      absl::MutexLock lock(&mutex_);
      const auto called = [this]()
                              ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return woken_ || stopping_; };
      mutex_.AwaitWithDeadline(absl::Condition(&called), NextDeadline());
      if (stopping_) break;
      woken_ = false;
    }
    Serve();
  }
  std::map<uint64_t, Waiter> rest;
  {
    absl::MutexLock lock(&mutex_);
    rest.swap(waiters_);
  }
  for (auto& [id, waiter] : rest) waiter.answer(std::optional<TaskLease>());
}

void LeaseWaiters::Serve() {
  struct Turn {
    uint64_t id = 0;
    std::string worker;
    bool over = false;
    bool first = false;
  };
  std::vector<Turn> turns;
  {
    absl::MutexLock lock(&mutex_);
    const absl::Time now = absl::Now();
    for (auto& [id, waiter] : waiters_) {
      turns.push_back({id, waiter.worker, waiter.deadline <= now, !waiter.asked});
      waiter.asked = true;
    }
  }
  bool any_ready = engine_->AnyTaskReady();
  for (const Turn& turn : turns) {
    // The first time, so that an unknown worker hears of it; the last time, so that the engine
    // hears of the worker.
    if (!any_ready && !turn.over && !turn.first) continue;
    absl::StatusOr<std::optional<TaskLease>> lease = engine_->Lease(turn.worker);
    if (lease.ok() && !lease->has_value()) {
      any_ready = any_ready && engine_->AnyTaskReady();
      if (!turn.over) continue;
    }
    if (std::optional<Waiter> waiter = Take(turn.id)) {
      waiter->answer(std::move(lease));
    } else if (lease.ok() && lease->has_value()) {
      // The caller went away in between.
      const TaskLease& held = **lease;
      engine_->HandBack(turn.worker, {held.spec.job, held.spec.task, held.epoch, held.lease_id})
          .IgnoreError();
    }
  }
}

}  // namespace stereofarm
