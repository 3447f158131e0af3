// The program `stereofarm`: puts the commands together.
#include <stdio.h>

#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "coordinator/cli/command.h"
#include "coordinator/cli/exit_code.h"

namespace stereofarm {
namespace {

// One sentence of ours for what CLI11 found wrong.
int FailUsage(const CLI::App& program, const CLI::ParseError& error) {
  std::string command = "stereofarm";
  for (const CLI::App* chosen : program.get_subcommands()) command += " " + chosen->get_name();
  std::string what = error.what();
  if (const size_t end = what.find('\n'); end != std::string::npos) what.resize(end);
  return Fail(kExitUsage,
              absl::InvalidArgumentError(absl::StrFormat("%s; see %s --help", what, command)));
}

int Main(int argc, char** argv) {
  CLI::App program(
      "Turns 2D films into stereoscopic 3D ones, on this machine or on a farm of many.",
      "stereofarm");
  program.set_version_flag("--version", "stereofarm " STEREOFARM_VERSION);
  program.require_subcommand(1);
  program.get_formatter()->column_width(30);
  program.footer(
      "Exit status: 0 done, 2 usage, 3 bad input, 4 the job failed, 5 the farm can't be reached\n"
      "or refuses, 130 interrupted. See stereofarm COMMAND --help for a command's options.");
  const std::vector<Command> commands = {AddConvertCommand(&program), AddProbeCommand(&program),
                                         AddPreviewCommand(&program), AddSubmitCommand(&program),
                                         AddWatchCommand(&program),   AddJobsCommand(&program),
                                         AddStatusCommand(&program),  AddCancelCommand(&program),
                                         AddRetryCommand(&program),   AddWorkersCommand(&program)};
  try {
    program.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return program.exit(help);
  } catch (const CLI::CallForVersion& version) {
    return program.exit(version);
  } catch (const CLI::ParseError& error) {
    return FailUsage(program, error);
  }
  for (const Command& command : commands) {
    if (command.app->parsed()) return command.run();
  }
  return kExitUsage;
}

}  // namespace
}  // namespace stereofarm

int main(int argc, char** argv) { return stereofarm::Main(argc, argv); }
