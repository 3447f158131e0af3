#include "worker/agent/failure.h"

#include "worker/stages/damage.h"

namespace stereofarm {
namespace {

struct CodeClass {
  absl::StatusCode code;
  FailureClass failure;
};

// Codes that aren't here can be worth another attempt.
constexpr CodeClass kClasses[] = {
    // The user's film, depth or settings: the same everywhere and next time.
    {absl::StatusCode::kInvalidArgument, FailureClass::kPermanent},
    {absl::StatusCode::kUnimplemented, FailureClass::kPermanent},
    // The coordinator has seen all files: what isn't here is not mounted, or not yet again.
    {absl::StatusCode::kNotFound, FailureClass::kStorageAway},
    {absl::StatusCode::kPermissionDenied, FailureClass::kStorageAway},
    {absl::StatusCode::kUnavailable, FailureClass::kStorageAway},
    {absl::StatusCode::kResourceExhausted, FailureClass::kStorageFull},
};

}  // namespace

FailureReport ReportOf(const absl::Status& status) {
  FailureReport report;
  report.message = std::string(status.message());
  report.damaged_task = DamagedTask(status);
  if (!report.damaged_task.empty()) {
    report.failure = FailureClass::kInputDamaged;
    return report;
  }
  if (IsOutOfMemory(status)) {
    report.failure = FailureClass::kDeviceMemory;
    return report;
  }
  for (const CodeClass& entry : kClasses) {
    if (entry.code == status.code()) report.failure = entry.failure;
  }
  return report;
}

}  // namespace stereofarm
