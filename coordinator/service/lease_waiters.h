#ifndef STEREOFARM_COORDINATOR_SERVICE_LEASE_WAITERS_H_
#define STEREOFARM_COORDINATOR_SERVICE_LEASE_WAITERS_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
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
  };

  struct Turn {
    uint64_t id = 0;
    std::string worker;
    bool over = false;    // the last time, so that the engine hears of the worker
    bool is_new = false;  // the first time, so that an unknown worker hears of it
  };

  void Loop();
  void Serve() ABSL_LOCKS_EXCLUDED(mutex_);
  // Those who have to be offered to the engine now; everybody if a task may be ready.
  std::deque<Turn> Turns(bool any_ready) ABSL_LOCKS_EXCLUDED(mutex_);
  // The waiter, which from then on is the caller's to answer.
  std::optional<Waiter> Take(uint64_t id) ABSL_LOCKS_EXCLUDED(mutex_);

  JobEngine* const engine_;
  absl::Mutex mutex_;
  std::map<uint64_t, Waiter> waiters_ ABSL_GUARDED_BY(mutex_);  // in the order of coming
  std::set<std::pair<absl::Time, uint64_t>> deadlines_ ABSL_GUARDED_BY(mutex_);
  uint64_t first_new_ ABSL_GUARDED_BY(mutex_) = 1;  // from here on nobody has been offered yet
  uint64_t next_id_ ABSL_GUARDED_BY(mutex_) = 1;
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_SERVICE_LEASE_WAITERS_H_
