#ifndef STEREOFARM_WORKER_AGENT_GRPC_FARM_CLIENT_H_
#define STEREOFARM_WORKER_AGENT_GRPC_FARM_CLIENT_H_

#include <memory>
#include <string>

#include "worker/agent/farm_client.h"

namespace stereofarm {

// The coordinator at `address` ("unix:PATH" or "HOST:PORT"). Connects when it's first called, and
// again whenever the coordinator comes back.
std::unique_ptr<FarmClient> ConnectToFarm(const std::string& address);

}  // namespace stereofarm

#endif  // STEREOFARM_WORKER_AGENT_GRPC_FARM_CLIENT_H_
