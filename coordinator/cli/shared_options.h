#ifndef STEREOFARM_COORDINATOR_CLI_SHARED_OPTIONS_H_
#define STEREOFARM_COORDINATOR_CLI_SHARED_OPTIONS_H_

#include <string>

#include "CLI/CLI.hpp"
#include "common/base/status.h"
#include "proto/farm_channel.h"

namespace stereofarm {

// Options that several commands have.

// --device and --workers, of commands that start workers of their own.
struct WorkerArguments {
  std::string device = "cpu";
  int workers = 0;  // as many as fit
};
void AddWorkerOptions(CLI::App* command, WorkerArguments* arguments);

// --json and --quiet.
struct OutputArguments {
  bool json = false;
  bool quiet = false;
};
// `json`: what --json prints.
void AddOutputOptions(CLI::App* command, OutputArguments* arguments, const std::string& json);

// --farm and --tls, of commands that talk to a running farm.
struct FarmArguments {
  std::string farm;
  std::string tls;
};
void AddFarmOptions(CLI::App* command, FarmArguments* arguments);
// The farm that is meant. InvalidArgument when none is named, or what lets the caller in is wrong.
absl::StatusOr<FarmPlace> FindFarm(const FarmArguments& arguments);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_CLI_SHARED_OPTIONS_H_
