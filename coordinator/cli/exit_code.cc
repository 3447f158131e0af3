#include "coordinator/cli/exit_code.h"

#include <stdio.h>

#include <string>

namespace stereofarm {

ExitCode ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return kExitDone;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kDataLoss:
      return kExitBadInput;
    case absl::StatusCode::kCancelled:
      return kExitInterrupted;
    default:
      return kExitFarm;
  }
}

int Fail(ExitCode code, const absl::Status& status) {
  fprintf(stderr, "stereofarm: %s\n", std::string(status.message()).c_str());
  return code;
}

int Fail(const absl::Status& status) { return Fail(ExitCodeOf(status), status); }

}  // namespace stereofarm
