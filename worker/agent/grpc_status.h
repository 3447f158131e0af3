#ifndef STEREOFARM_WORKER_AGENT_GRPC_STATUS_H_
#define STEREOFARM_WORKER_AGENT_GRPC_STATUS_H_

#include "common/base/status.h"
#include "grpcpp/support/channel_arguments.h"
#include "grpcpp/support/status.h"

namespace stereofarm {

inline absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  // No answer in time is the same as nobody there: calls may be repeated.
  const auto code = status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED
                        ? absl::StatusCode::kUnavailable
                        : static_cast<absl::StatusCode>(status.error_code());
  return absl::Status(code, status.error_message());
}

// A coordinator that was restarted is found again at once; a connection that opens slowly, by
// certificates to a busy machine far away, has its time.
inline void SetReconnect(grpc::ChannelArguments* arguments) {
  arguments->SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  // In spite of its name how long an attempt may take, not how long the next one waits.
  arguments->SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5000);
  arguments->SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
}

}  // namespace stereofarm

#endif  // STEREOFARM_WORKER_AGENT_GRPC_STATUS_H_
