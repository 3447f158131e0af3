#ifndef STEREOFARM_COORDINATOR_CLI_COMMAND_H_
#define STEREOFARM_COORDINATOR_CLI_COMMAND_H_

#include <functional>

#include "CLI/CLI.hpp"

namespace stereofarm {

// One command of `stereofarm`.
struct Command {
  CLI::App* app = nullptr;   // of the program; knows the command's options
  std::function<int()> run;  // after parsing; prints its errors and returns the exit code
};

Command AddConvertCommand(CLI::App* program);
Command AddSubmitCommand(CLI::App* program);
Command AddJobsCommand(CLI::App* program);
Command AddWatchCommand(CLI::App* program);
Command AddStatusCommand(CLI::App* program);
Command AddReportCommand(CLI::App* program);
Command AddCancelCommand(CLI::App* program);
Command AddRetryCommand(CLI::App* program);
Command AddPauseCommand(CLI::App* program);
Command AddResumeCommand(CLI::App* program);
Command AddPriorityCommand(CLI::App* program);
Command AddWorkersCommand(CLI::App* program);
Command AddDrainCommand(CLI::App* program);
Command AddResumeWorkerCommand(CLI::App* program);
Command AddProbeCommand(CLI::App* program);
Command AddPreviewCommand(CLI::App* program);
Command AddModelsCommand(CLI::App* program);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_CLI_COMMAND_H_
