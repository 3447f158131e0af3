#ifndef STEREOFARM_COORDINATOR_SCHEDULING_WORKER_ROSTER_H_
#define STEREOFARM_COORDINATOR_SCHEDULING_WORKER_ROSTER_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "coordinator/store/records.h"

namespace stereofarm {

struct KnownWorker {
  WorkerRecord record;
  int64_t heard_micros = 0;     // last word from it, on the monotonic clock
  bool lost = false;            // not heard of for too long
  int64_t inactive_micros = 0;  // since when it isn't active, where it isn't
  // Its lease was taken away, and it hasn't said yet that it has stopped.
  bool stopping = false;
  int blame = 0;  // tasks that it failed and others did, less those that it did itself
};

// Which workers there are and when they were last heard of, in memory. Not thread-safe.
class WorkerRoster {
 public:
  // `silence_micros`: after so long without a word a worker is lost, until it speaks again.
  // `now_micros`: when the coordinator started.
  WorkerRoster(int64_t silence_micros, int64_t now_micros)
      : silence_micros_(silence_micros), started_micros_(now_micros) {}

  void Put(const WorkerRecord& record, int64_t now_micros);
  void Remove(const std::string& id);
  // Notes a word from `id`; null when it isn't known.
  const KnownWorker* Hear(const std::string& id, int64_t now_micros);
  const KnownWorker* Find(const std::string& id) const;
  // By id, or by a name that only one worker has.
  const KnownWorker* FindByName(const std::string& id_or_name) const;
  void SetState(const std::string& id, WorkerState state, const std::string& reason,
                int64_t now_micros);
  void SetStopping(const std::string& id, bool stopping);
  // Changes the blame by `change`, not below 0; how much there is now.
  int Blame(const std::string& id, int change);
  // True when somebody has just become lost.
  bool NoteSilence(int64_t now_micros);

  // Whether an active worker but `id` is there; of this class, unless it's empty.
  bool HasOther(const std::string& id, const std::string& numeric_class) const;
  bool AnyLive() const { return HasOther("", ""); }
  // How long no active worker of this class has been there; 0: one is.
  int64_t ClassGoneMicros(const std::string& numeric_class, int64_t now_micros) const;
  std::vector<KnownWorker> All() const;

 private:
  const int64_t silence_micros_;
  const int64_t started_micros_;
  std::map<std::string, KnownWorker> workers_;
  std::map<std::string, int64_t> class_seen_micros_;  // of classes whose workers went away
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_SCHEDULING_WORKER_ROSTER_H_
