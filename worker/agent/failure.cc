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
    {absl::StatusCode::kNotFound, FailureClass::kPermanent},
    {absl::StatusCode::kUnimplemented, FailureClass::kPermanent},
    {absl::StatusCode::kResourceExhausted, FailureClass::kResources},
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
  for (const CodeClass& entry : kClasses) {
    if (entry.code == status.code()) report.failure = entry.failure;
  }
  return report;
}

}  // namespace stereofarm
