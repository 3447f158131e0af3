#ifndef STEREOFARM_COORDINATOR_SERVICE_LISTEN_ADDRESS_H_
#define STEREOFARM_COORDINATOR_SERVICE_LISTEN_ADDRESS_H_

#include <string>

#include "common/base/status.h"

namespace stereofarm {

struct ListenAddress {
  std::string unix_path;  // absolute; empty: host and port
  std::string host;       // "127.0.0.1", "[::1]"
  int port = 0;           // 0: any free one
};

// "unix:PATH" or "HOST:PORT". Hosts that other machines can reach are refused unless `guarded`
// (callers are known by certificate and token) or `insecure`: whoever reaches the port owns the
// farm. InvalidArgument says what to do.
absl::StatusOr<ListenAddress> ParseListenAddress(const std::string& text, bool insecure,
                                                 bool guarded = false);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_SERVICE_LISTEN_ADDRESS_H_
