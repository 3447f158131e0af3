#ifndef STEREOFARM_COORDINATOR_SCHEDULING_LEASE_BOOK_H_
#define STEREOFARM_COORDINATOR_SCHEDULING_LEASE_BOOK_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/store/records.h"

namespace stereofarm {

// A task that is lent out at the moment.
struct HeldLease {
  AttemptRef attempt;
  std::string worker;
  TaskKind kind = TaskKind::kScan;
  FrameRange core;
  int64_t frames = 0;           // that it works on: the core's, but of a skeleton few of them
  int64_t deadline_micros = 0;  // on the monotonic clock
  bool after_restart = false;   // not heard of since the coordinator started
  int checking = 0;             // calls that check its result right now: it can't expire
  int64_t started_micros = 0;
  int64_t progress_micros = 0;  // when frames_done last changed or files came or went
  int64_t frames_done = 0;      // as the worker last said
  int64_t frames_total = 0;
};

// The deadlines of the leases, in memory: the database says who holds a task, this says how long
// still. Not thread-safe.
class LeaseBook {
 public:
  void Put(HeldLease lease);
  // Null when the task isn't lent to this very attempt.
  HeldLease* Find(const AttemptRef& attempt);
  // Null when the task isn't lent.
  HeldLease* FindTask(const std::string& job, const std::string& task);
  // Its attempt is over, as its worker knows.
  void Drop(const std::string& job, const std::string& task);
  // It's taken away; TakeRevoked has it, so that its worker can be told.
  void Revoke(const std::string& job, const std::string& task);
  std::vector<HeldLease> TakeRevoked() { return std::exchange(revoked_, {}); }

  // Copies, in the order of job and task.
  std::vector<HeldLease> Expired(int64_t now_micros) const;
  std::vector<HeldLease> OfWorker(const std::string& worker) const;
  std::vector<HeldLease> OfJob(const std::string& job) const;
  std::vector<HeldLease> All() const;
  int CountOfJob(const std::string& job) const;

 private:
  using Key = std::pair<std::string, std::string>;  // job and task

  std::map<std::string, int> counts_;  // of each job
  std::multimap<std::string, Key> by_worker_;
  std::map<Key, HeldLease> leases_;
  std::vector<HeldLease> revoked_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_SCHEDULING_LEASE_BOOK_H_
