#ifndef STEREOFARM_COORDINATOR_SERVICE_HELD_RENEWALS_H_
#define STEREOFARM_COORDINATOR_SERVICE_HELD_RENEWALS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/status.h"
#include "coordinator/store/records.h"

namespace stereofarm {

// Renewals whose answers wait, so that a worker whose lease is taken away hears of it at once: any
// number of them on one thread. Thread-safe.
class HeldRenewals {
 public:
  // Called once for each Hold that isn't forgotten: OK after the wait, FailedPrecondition when the
  // lease was taken away before.
  using Answer = std::function<void(const absl::Status&)>;

  HeldRenewals();
  // Answers everyone with OK.
  ~HeldRenewals();
  HeldRenewals(const HeldRenewals&) = delete;
  HeldRenewals& operator=(const HeldRenewals&) = delete;

  // Hears of revocations from now on; nothing else is answered before AnswerAfter.
  uint64_t Hold(const AttemptRef& attempt, Answer answer);
  void AnswerAfter(uint64_t id, absl::Duration wait);
  // The caller went away, or has been answered otherwise. False: it has been or is being answered.
  bool Forget(uint64_t id);
  void Revoke(const std::vector<AttemptRef>& attempts);
  void Stop();

 private:
  struct Held {
    AttemptRef attempt;
    absl::Time deadline;
    Answer answer;
  };

  void Loop();
  void EraseDeadline(absl::Time deadline, uint64_t id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::map<uint64_t, Held>::iterator Drop(std::map<uint64_t, Held>::iterator it)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::Mutex mutex_;
  std::map<uint64_t, Held> held_ ABSL_GUARDED_BY(mutex_);
  std::multimap<absl::Time, uint64_t> deadlines_ ABSL_GUARDED_BY(mutex_);
  std::multimap<std::string, uint64_t> leases_ ABSL_GUARDED_BY(mutex_);  // by lease id
  uint64_t next_id_ ABSL_GUARDED_BY(mutex_) = 1;
  bool earlier_ ABSL_GUARDED_BY(mutex_) = false;  // the first deadline has changed
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_SERVICE_HELD_RENEWALS_H_
