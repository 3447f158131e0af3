#ifndef STEREOFARM_COORDINATOR_SERVICE_LEASE_WAITERS_H_
#define STEREOFARM_COORDINATOR_SERVICE_LEASE_WAITERS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/farm/task.h"
#include "coordinator/scheduling/job_engine.h"

namespace stereofarm {

// Workers that wait for a task: any number of them on one thread, which sleeps until tasks become
// ready or a wait is over. Served in the order in which they came. Thread-safe.
class LeaseWaiters {
 public:
  // Called once for each Park that isn't forgotten: the lease, nothing after the wait, or the
  // engine's error.
  using Answer = std::function<void(absl::StatusOr<std::optional<TaskLease>>)>;

  explicit LeaseWaiters(JobEngine* engine);
  // Answers everyone with nothing.
  ~LeaseWaiters();
  LeaseWaiters(const LeaseWaiters&) = delete;
  LeaseWaiters& operator=(const LeaseWaiters&) = delete;

  // `answer` comes on the waiters' own thread.
  uint64_t Park(const std::string& worker, absl::Duration wait, Answer answer);
  // The caller went away. False: it has been or is being answered.
  bool Forget(uint64_t id);
  // Tasks may have become ready.
  void Wake();
  void Stop();

 private:
  struct Waiter {
    std::string worker;
    absl::Time deadline;
    Answer answer;
    bool asked = false;  // has been offered to the engine once
  };

  void Loop();
  void Serve() ABSL_LOCKS_EXCLUDED(mutex_);
  // The waiter, which from then on is the caller's to answer.
  std::optional<Waiter> Take(uint64_t id) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Time NextDeadline() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  JobEngine* const engine_;
  absl::Mutex mutex_;
  std::map<uint64_t, Waiter> waiters_ ABSL_GUARDED_BY(mutex_);  // in the order of coming
  uint64_t next_id_ ABSL_GUARDED_BY(mutex_) = 1;
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_SERVICE_LEASE_WAITERS_H_
