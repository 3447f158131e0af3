#ifndef STEREOFARM_COORDINATOR_STORE_STUCK_TABLE_H_
#define STEREOFARM_COORDINATOR_STORE_STUCK_TABLE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "coordinator/store/records.h"

namespace stereofarm {

class Database;

// Finds, in a job that is running, what nothing would wake any more (docs/developers.md has the
// invariants). Each question takes a few milliseconds with thousands of shots. Not thread-safe.
class StuckTable {
 public:
  explicit StuckTable(Database* database) : database_(database) {}

  // First frames of shots that wait for depth, though all of theirs is published.
  absl::StatusOr<std::vector<int64_t>> ShotsWithAllDepth(const std::string& job);
  // First frames of shots whose depth is done, and still is, and that aren't reconciled.
  absl::StatusOr<std::vector<int64_t>> ShotsToReconcile(const std::string& job);
  // First frames of reconciled shots with a waiting task whose inputs are all published.
  absl::StatusOr<std::vector<int64_t>> ShotsToRelease(const std::string& job);
  // Tasks of the plan that were taken out of the running.
  absl::StatusOr<std::vector<TaskRecord>> TakenOut(const std::string& job);

 private:
  absl::StatusOr<std::vector<int64_t>> Shots(const char* sql, const std::string& job);

  Database* database_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_STORE_STUCK_TABLE_H_
