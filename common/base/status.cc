#include "common/base/status.h"

#include "absl/strings/cord.h"
#include "absl/strings/string_view.h"

namespace stereofarm {
namespace {

constexpr char kOutOfMemory[] = "stereofarm/out-of-memory";

}  // namespace

absl::Status Annotate(const absl::Status& status, const std::string& context) {
  if (status.ok()) return status;
  absl::Status annotated(status.code(), context + ": " + std::string(status.message()));
  status.ForEachPayload([&](absl::string_view type, const absl::Cord& payload) {
    annotated.SetPayload(type, payload);
  });
  return annotated;
}

absl::Status OutOfMemory(const std::string& message) {
  absl::Status status = absl::ResourceExhaustedError(message);
  status.SetPayload(kOutOfMemory, absl::Cord());
  return status;
}

bool IsOutOfMemory(const absl::Status& status) {
  return status.GetPayload(kOutOfMemory).has_value();
}

}  // namespace stereofarm
