#ifndef STEREOFARM_WORKER_AGENT_FAILURE_H_
#define STEREOFARM_WORKER_AGENT_FAILURE_H_

#include "common/base/status.h"
#include "worker/agent/farm_client.h"

namespace stereofarm {

// What to report of an attempt that ended with `status`, which isn't OK.
FailureReport ReportOf(const absl::Status& status);

}  // namespace stereofarm

#endif  // STEREOFARM_WORKER_AGENT_FAILURE_H_
