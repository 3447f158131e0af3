#ifndef STEREOFARM_COORDINATOR_SCHEDULING_JOB_NOTE_H_
#define STEREOFARM_COORDINATOR_SCHEDULING_JOB_NOTE_H_

#include <string>

#include "common/base/status.h"
#include "coordinator/scheduling/attempt_files.h"
#include "coordinator/store/records.h"

namespace stereofarm {

// Writes the job's row, but for its counters, beside its results, unless that's what is there.
absl::Status WriteJobNote(const JobRecord& job, AttemptFiles* files);

// The row as it was noted; one that hadn't ended is queued, so that its film is looked at again and
// every result that fits is found. NotFound; DataLoss, naming the file.
absl::StatusOr<JobRecord> ReadJobNote(const std::string& job, AttemptFiles* files);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_SCHEDULING_JOB_NOTE_H_
