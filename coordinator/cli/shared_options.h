#ifndef STEREOFARM_COORDINATOR_CLI_SHARED_OPTIONS_H_
#define STEREOFARM_COORDINATOR_CLI_SHARED_OPTIONS_H_

#include <string>

#include "CLI/CLI.hpp"

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

// --farm
void AddFarmOption(CLI::App* command, std::string* farm);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_CLI_SHARED_OPTIONS_H_
