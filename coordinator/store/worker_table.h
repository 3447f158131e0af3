#ifndef STEREOFARM_COORDINATOR_STORE_WORKER_TABLE_H_
#define STEREOFARM_COORDINATOR_STORE_WORKER_TABLE_H_

#include <string>
#include <vector>

#include "common/base/status.h"
#include "coordinator/store/records.h"

namespace stereofarm {

class Database;

// The workers that have registered, so that they needn't again after a restart. Not thread-safe.
class WorkerTable {
 public:
  explicit WorkerTable(Database* database) : database_(database) {}
  // Inserts or replaces.
  absl::Status Put(const WorkerRecord& worker, int64_t registered_micros);
  absl::Status Remove(const std::string& id);
  absl::Status RemoveAll();
  absl::StatusOr<std::vector<WorkerRecord>> All();

 private:
  Database* database_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_STORE_WORKER_TABLE_H_
