#ifndef STEREOFARM_COORDINATOR_STORE_FAILURE_TABLE_H_
#define STEREOFARM_COORDINATOR_STORE_FAILURE_TABLE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "coordinator/store/records.h"

namespace stereofarm {

class Database;

// The attempts that failed, one row each: who can't do what others can, and which task is it that
// kills workers. Not thread-safe.
class FailureTable {
 public:
  explicit FailureTable(Database* database) : database_(database) {}

  // The same attempt again changes nothing.
  absl::Status Add(const FailureRecord& failure);
  // Oldest first.
  absl::StatusOr<std::vector<FailureRecord>> OfTask(const std::string& job,
                                                    const std::string& task);
  // How often a worker was lost at other tasks of the job since `wall_micros`.
  absl::StatusOr<int64_t> LostElsewhere(const std::string& job, const std::string& task,
                                        int64_t wall_micros);

 private:
  Database* database_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_STORE_FAILURE_TABLE_H_
