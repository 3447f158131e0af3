#include "worker/stages/damage.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_format.h"

namespace stereofarm {
namespace {

constexpr char kPayload[] = "stereofarm/damaged-task";

}  // namespace

absl::Status DamagedResult(const std::string& task, const absl::Status& found) {
  absl::Status status = absl::DataLossError(
      absl::StrFormat("the result of %s is damaged: %s", task, std::string(found.message())));
  status.SetPayload(kPayload, absl::Cord(task));
  return status;
}

std::string DamagedTask(const absl::Status& status) {
  const auto payload = status.GetPayload(kPayload);
  return payload.has_value() ? std::string(*payload) : std::string();
}

}  // namespace stereofarm
