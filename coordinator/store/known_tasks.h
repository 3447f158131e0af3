#ifndef STEREOFARM_COORDINATOR_STORE_KNOWN_TASKS_H_
#define STEREOFARM_COORDINATOR_STORE_KNOWN_TASKS_H_

#include <cstddef>
#include <string>
#include <unordered_map>

#include "coordinator/store/records.h"

namespace stereofarm {

// Rows of tasks that were read or written lately, as they are in the database: a result that comes
// in asks for the row that was lent, and a shard that's released for those of its neighbours,
// several times each. Whoever writes a row changes or forgets it here. Only leased and done tasks
// are kept, since others are written many at a time. Not thread-safe.
class KnownTasks {
 public:
  // `most`: rows that are kept at least, of the last used; twice as many at most.
  explicit KnownTasks(size_t most) : most_(most) {}

  // Null: it isn't known. Valid until the next call of anything here.
  TaskRecord* Find(const std::string& job, const std::string& name);
  // As the row is now. One that's neither leased nor done is forgotten.
  void Keep(const TaskRecord& task);
  void Forget(const std::string& job, const std::string& name);
  void ForgetAll();
  size_t size() const { return lately_.size() + before_.size(); }

 private:
  using Rows = std::unordered_map<std::string, TaskRecord>;

  const size_t most_;
  Rows lately_;  // no more than most_; then they become those of before
  Rows before_;  // not used since, and none of them is in lately_
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_STORE_KNOWN_TASKS_H_
