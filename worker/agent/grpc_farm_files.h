#ifndef STEREOFARM_WORKER_AGENT_GRPC_FARM_FILES_H_
#define STEREOFARM_WORKER_AGENT_GRPC_FARM_FILES_H_

#include <memory>
#include <string>

#include "proto/farm_channel.h"
#include "worker/transfer/farm_files.h"

namespace stereofarm {

// The files of the coordinator at `farm`, for the worker `worker`, over a connection of their
// own, so that renewals don't wait behind them.
std::unique_ptr<FarmFiles> ConnectToFiles(const FarmPlace& farm, const std::string& worker);

}  // namespace stereofarm

#endif  // STEREOFARM_WORKER_AGENT_GRPC_FARM_FILES_H_
