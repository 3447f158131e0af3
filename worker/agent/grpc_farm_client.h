#ifndef STEREOFARM_WORKER_AGENT_GRPC_FARM_CLIENT_H_
#define STEREOFARM_WORKER_AGENT_GRPC_FARM_CLIENT_H_

#include <memory>

#include "proto/farm_channel.h"
#include "worker/agent/farm_client.h"

namespace stereofarm {

// Connects when it's first called, and again whenever the coordinator comes back.
std::unique_ptr<FarmClient> ConnectToFarm(const FarmPlace& farm);

}  // namespace stereofarm

#endif  // STEREOFARM_WORKER_AGENT_GRPC_FARM_CLIENT_H_
