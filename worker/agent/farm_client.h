#ifndef STEREOFARM_WORKER_AGENT_FARM_CLIENT_H_
#define STEREOFARM_WORKER_AGENT_FARM_CLIENT_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/artifacts/manifest.h"
#include "common/base/status.h"
#include "common/farm/task.h"

namespace stereofarm {

// What a worker says about itself.
struct WorkerInfo {
  std::string id;    // random, stable while the process lives
  std::string name;  // for people: host and process
  std::string device;
  std::string numeric_class;
  std::string build;
  std::vector<std::string> tags;
  int64_t memory_bytes = 0;  // of the device
};

struct Registration {
  std::string store;  // absolute path
  int64_t lease_micros = 0;
  int64_t renew_micros = 0;
};

// Which attempt of which task a call is about.
struct AttemptId {
  std::string worker;
  std::string job;
  std::string task;
  int64_t epoch = 0;
  std::string lease_id;
  bool operator==(const AttemptId&) const = default;
};

struct FailureReport {
  FailureClass failure = FailureClass::kRetryable;
  std::string message;
  std::string damaged_task;  // with kInputDamaged
};

// The coordinator as the agent sees it. Every call has a deadline and may be repeated: the answer
// stays the same. Unavailable: nobody there, or no answer in time; again later. NotFound: the
// coordinator doesn't know the worker; register. FailedPrecondition: the lease is lost.
// `timeout_micros`: an answer later than that is of no use. Used by one thread, but for the
// interrupts.
class FarmClient {
 public:
  virtual ~FarmClient() = default;
  virtual absl::StatusOr<Registration> Register(const WorkerInfo& info, int64_t timeout_micros) = 0;
  // A task, or nothing after `wait_micros`.
  virtual absl::StatusOr<std::optional<TaskLease>> Lease(const std::string& worker,
                                                         int64_t wait_micros) = 0;
  // The lease's new length from the moment of the call. Answered when `hold_micros` are over, or at
  // once when the lease is lost; `enough` asks whether the answer is of use any more, and
  // InterruptRenew ends a call of which it isn't, with Cancelled.
  virtual absl::StatusOr<int64_t> Renew(const AttemptId& attempt, int64_t frames_done,
                                        int64_t frames_total, int64_t hold_micros,
                                        int64_t timeout_micros,
                                        const std::function<bool()>& enough) = 0;
  // `next`: the answer may bring the worker's next task, if one is at hand.
  virtual absl::StatusOr<std::optional<TaskLease>> Complete(const AttemptId& attempt,
                                                            const Manifest& manifest,
                                                            double seconds, bool next) = 0;
  virtual absl::Status Fail(const AttemptId& attempt, const FailureReport& report) = 0;
  virtual absl::Status HandBack(const AttemptId& attempt) = 0;
  virtual absl::Status Leave(const std::string& worker) = 0;
  // Ends a Lease that waits, now and from now on, with Cancelled. From any thread.
  virtual void InterruptLease() = 0;
  // What `enough` answers has changed. From any thread.
  virtual void InterruptRenew() = 0;
};

}  // namespace stereofarm

#endif  // STEREOFARM_WORKER_AGENT_FARM_CLIENT_H_
