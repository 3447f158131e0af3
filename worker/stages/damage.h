#ifndef STEREOFARM_WORKER_STAGES_DAMAGE_H_
#define STEREOFARM_WORKER_STAGES_DAMAGE_H_

#include <string>

#include "common/base/status.h"

namespace stereofarm {

// DataLoss that says which task's committed result is damaged or gone, so that the farm makes it
// again.
absl::Status DamagedResult(const std::string& task, const absl::Status& found);

// The task that DamagedResult named, or empty for any other status.
std::string DamagedTask(const absl::Status& status);

}  // namespace stereofarm

#endif  // STEREOFARM_WORKER_STAGES_DAMAGE_H_
