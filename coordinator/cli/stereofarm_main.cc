// The program `stereofarm`: puts the commands together.
#include <memory>
#include <vector>

#include "coordinator/cli/command.h"
#include "coordinator/cli/exit_code.h"
#include "coordinator/cli/help_formatter.h"

namespace stereofarm {
namespace {

int Main(int argc, char** argv) {
  CLI::App program(
      "Turns 2D films into stereoscopic 3D ones, on this machine or on a farm of many.",
      "stereofarm");
  program.set_version_flag("--version", "stereofarm " STEREOFARM_VERSION, "The program's version");
  program.require_subcommand(1);
  program.formatter(std::make_shared<HelpFormatter>());
  program.get_option("--help")->description("This help");
  program.footer(
      "Exit status: 0 done, 2 usage, 3 bad input, 4 the job failed, 5 the farm can't be reached\n"
      "or refuses, 130 interrupted. See stereofarm COMMAND --help for a command's options.");
  const std::vector<Command> commands = {
      AddConvertCommand(&program),      AddProbeCommand(&program),   AddPreviewCommand(&program),
      AddSubmitCommand(&program),       AddWatchCommand(&program),   AddJobsCommand(&program),
      AddStatusCommand(&program),       AddReportCommand(&program),  AddCancelCommand(&program),
      AddRetryCommand(&program),        AddPauseCommand(&program),   AddResumeCommand(&program),
      AddPriorityCommand(&program),     AddWorkersCommand(&program), AddDrainCommand(&program),
      AddResumeWorkerCommand(&program), AddModelsCommand(&program)};
  try {
    program.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return program.exit(help);
  } catch (const CLI::CallForVersion& version) {
    return program.exit(version);
  } catch (const CLI::ParseError& error) {
    return Fail(kExitUsage, absl::InvalidArgumentError(UsageError(program, error, argc, argv)));
  }
  for (const Command& command : commands) {
    if (command.app->parsed()) return command.run();
  }
  return kExitUsage;
}

}  // namespace
}  // namespace stereofarm

int main(int argc, char** argv) { return stereofarm::Main(argc, argv); }
