#ifndef STEREOFARM_COORDINATOR_STORE_JOB_TABLE_H_
#define STEREOFARM_COORDINATOR_STORE_JOB_TABLE_H_

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/base/status.h"
#include "coordinator/store/records.h"

namespace stereofarm {

class Database;

// Jobs and what there is to remark about them. Not thread-safe.
class JobTable {
 public:
  explicit JobTable(Database* database) : database_(database) {}

  absl::Status Insert(const JobRecord& job);
  // Every column but the counters.
  absl::Status Update(const JobRecord& job);
  // Rows that have been read are kept until they're written.
  absl::StatusOr<std::optional<JobRecord>> Get(const std::string& id);
  // The newest job whose first output is `file`.
  absl::StatusOr<std::optional<JobRecord>> NewestWithOutput(const std::string& file);
  // In the order in which they're worked on: by priority, then oldest first.
  absl::StatusOr<std::vector<JobRecord>> All();
  absl::StatusOr<std::vector<JobRecord>> WithState(JobState state);
  // Those that are running and not paused, in the same order.
  absl::StatusOr<std::vector<DispatchableJob>> Dispatchable();
  absl::StatusOr<std::vector<std::string>> Ids();

  // Jobs that Insert and Update have written since the last call, whether or not it was committed.
  std::set<std::string> TakeChanged() { return std::exchange(changed_, {}); }

  // What was written is taken back: nothing that has been read counts any more.
  void Forget() {
    known_.clear();
    runs_.clear();
  }

  // So many tasks more. Written by WriteCounts, so that a change with many of them writes one row;
  // until then they aren't read.
  void CountRun(const std::string& id, int64_t tasks = 1) { runs_[id] += tasks; }
  absl::Status WriteCounts();
  absl::Status CountReused(const std::string& id);
  absl::Status ResetCounts(const std::string& id);

  absl::Status SetRemarks(const std::string& id, const std::vector<std::string>& remarks);
  absl::StatusOr<std::vector<std::string>> Remarks(const std::string& id);

 private:
  Database* database_;
  std::set<std::string> changed_;
  std::map<std::string, JobRecord> known_;  // as the rows are
  std::map<std::string, int64_t> runs_;     // counted, not yet written
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_STORE_JOB_TABLE_H_
