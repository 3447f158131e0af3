#include "coordinator/service/lease_waiters.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"

namespace stereofarm {
namespace {

// Workers that are offered to the engine together: the first of them waits for the last.
constexpr size_t kMostTogether = 32;

}  // namespace

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
  const absl::Time deadline = absl::Now() + wait;
  waiters_.emplace(id, Waiter{worker, deadline, std::move(answer)});
  deadlines_.emplace(deadline, id);
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
  deadlines_.erase({waiter.deadline, id});
  return waiter;
}

void LeaseWaiters::Loop() {
  while (true) {
    {
      absl::MutexLock lock(&mutex_);
      const auto called = [this]()
                              ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return woken_ || stopping_; };
      mutex_.AwaitWithDeadline(absl::Condition(&called), deadlines_.empty()
                                                             ? absl::InfiniteFuture()
                                                             : deadlines_.begin()->first);
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

std::deque<LeaseWaiters::Turn> LeaseWaiters::Turns(bool any_ready) {
  std::deque<Turn> turns;
  absl::MutexLock lock(&mutex_);
  const absl::Time now = absl::Now();
  const auto add = [&](const auto& entry) {
    turns.push_back({entry.first, entry.second.worker, entry.second.deadline <= now,
                     entry.first >= first_new_});
  };
  if (any_ready) {
    std::for_each(waiters_.begin(), waiters_.end(), add);
  } else {
    for (const auto& [deadline, id] : deadlines_) {
      if (deadline > now) break;
      if (id < first_new_) add(*waiters_.find(id));
    }
    std::for_each(waiters_.lower_bound(first_new_), waiters_.end(), add);
  }
  first_new_ = next_id_;
  return turns;
}

void LeaseWaiters::Serve() {
  bool any_ready = engine_->AnyTaskReady();
  std::deque<Turn> turns = Turns(any_ready);
  while (!turns.empty()) {
    std::vector<Turn> asking;
    std::vector<std::string> workers;
    while (!turns.empty() && asking.size() < kMostTogether) {
      if (any_ready || turns.front().over || turns.front().is_new) {
        workers.push_back(turns.front().worker);
        asking.push_back(std::move(turns.front()));
      }
      turns.pop_front();
    }
    std::vector<JobEngine::LeaseAnswer> leases = engine_->LeaseAll(workers);
    bool all = true;
    for (size_t i = 0; i < asking.size(); ++i) {
      JobEngine::LeaseAnswer& lease = leases[i];
      const bool has_task = lease.ok() && lease->has_value();
      all = all && has_task;
      if (lease.ok() && !has_task && !asking[i].over) continue;
      if (std::optional<Waiter> waiter = Take(asking[i].id)) {
        waiter->answer(std::move(lease));
      } else if (has_task) {
        // The caller went away in between.
        const TaskLease& held = **lease;
        engine_
            ->HandBack(asking[i].worker, {held.spec.job, held.spec.task, held.epoch, held.lease_id})
            .IgnoreError();
      }
    }
    if (!all) any_ready = any_ready && engine_->AnyTaskReady();
  }
}

}  // namespace stereofarm
