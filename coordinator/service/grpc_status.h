#ifndef STEREOFARM_COORDINATOR_SERVICE_GRPC_STATUS_H_
#define STEREOFARM_COORDINATOR_SERVICE_GRPC_STATUS_H_

#include <string>

#include "common/base/status.h"
#include "grpcpp/support/status.h"

namespace stereofarm {

// For what a service refuses before it tries anything. Both number their codes alike.
inline grpc::Status RefusalToGrpc(const absl::Status& status) {
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), std::string(status.message()));
}

// For what became of a call. A coordinator whose disk is full is as good as away: callers ask
// again later, and nobody takes it for a call that was too large.
inline grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  if (absl::IsResourceExhausted(status)) {
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, std::string(status.message()));
  }
  return RefusalToGrpc(status);
}

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_SERVICE_GRPC_STATUS_H_
