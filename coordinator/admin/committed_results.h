#ifndef STEREOFARM_COORDINATOR_ADMIN_COMMITTED_RESULTS_H_
#define STEREOFARM_COORDINATOR_ADMIN_COMMITTED_RESULTS_H_

#include <map>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "coordinator/scheduling/attempt_files.h"
#include "coordinator/store/records.h"

namespace stereofarm {

// What the attempts' folders of a job say by themselves.
struct CommittedResults {
  // By task, of each the latest committed attempt that is sound, as a row of the database.
  std::map<std::string, TaskRecord> tasks;
  // Folders whose committed.pb or files are damaged, with what is wrong.
  std::map<std::string, std::string> damaged;
  // Every attempt's folder, relative to the store.
  std::vector<std::string> attempts;
};

// `hash`: files are read and compared with their hashes, else their sizes have to do.
absl::StatusOr<CommittedResults> FindCommittedResults(const std::string& job, bool hash,
                                                      AttemptFiles* files);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_ADMIN_COMMITTED_RESULTS_H_
