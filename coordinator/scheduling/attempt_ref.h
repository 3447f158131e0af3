#ifndef STEREOFARM_COORDINATOR_SCHEDULING_ATTEMPT_REF_H_
#define STEREOFARM_COORDINATOR_SCHEDULING_ATTEMPT_REF_H_

#include "absl/strings/str_format.h"
#include "common/base/status.h"
#include "coordinator/store/records.h"

namespace stereofarm {

// The last attempt at a task.
inline AttemptRef AttemptOf(const TaskRecord& task) {
  return {task.job, task.name, task.epoch, task.lease_id};
}

// What a worker hears whose attempt doesn't count any more.
inline absl::Status LeaseLost(const AttemptRef& attempt) {
  return absl::FailedPreconditionError(
      absl::StrFormat("the lease of %s (epoch %d) is lost", attempt.task, attempt.epoch));
}

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_SCHEDULING_ATTEMPT_REF_H_
