#ifndef STEREOFARM_COORDINATOR_CLI_EXIT_CODE_H_
#define STEREOFARM_COORDINATOR_CLI_EXIT_CODE_H_

#include "common/base/status.h"

namespace stereofarm {

// What `stereofarm` ends with; users' scripts rely on it.
enum ExitCode : int {
  kExitDone = 0,
  kExitUsage = 2,
  kExitBadInput = 3,
  kExitJobFailed = 4,
  kExitFarm = 5,  // can't be reached, or refuses
  kExitInterrupted = 130,
};

// The exit code for what a farm answered to a request about a film or a job.
ExitCode ExitCodeOf(const absl::Status& status);

// Prints "stereofarm: <message>" on standard error and returns `code`.
int Fail(ExitCode code, const absl::Status& status);
int Fail(const absl::Status& status);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_CLI_EXIT_CODE_H_
