#include <memory>

#include "coordinator/cli/command.h"
#include "coordinator/cli/conversion.h"
#include "coordinator/cli/exit_code.h"
#include "coordinator/cli/preflight.h"
#include "coordinator/cli/private_farm.h"
#include "coordinator/cli/settings_options.h"
#include "coordinator/cli/shared_options.h"

namespace stereofarm {
namespace {

struct Arguments {
  SettingsArguments settings;
  WorkerArguments worker;
  OutputArguments output;
  std::string work_dir;
  bool yes = false;
  bool no_space_check = false;
};

int RunConvert(const Arguments& arguments) {
  SignalWatch signals;
  Conversion conversion;
  auto settings = BuildSettings(arguments.settings);
  if (!settings.ok()) return Fail(ExitCodeOfSettings(settings.status()), settings.status());
  conversion.settings = *std::move(settings);
  auto devices = WorkerDevices(arguments.worker.device, arguments.worker.workers);
  if (!devices.ok()) return Fail(kExitUsage, devices.status());
  conversion.worker_devices = *std::move(devices);
  if (const absl::Status status = CheckInputAndOutputs(conversion.settings); !status.ok()) {
    return Fail(kExitBadInput, status);
  }
  if (const absl::Status status = CheckEncoding(conversion.settings); !status.ok()) {
    return Fail(kExitUsage, status);
  }
  conversion.replace = arguments.yes;
  conversion.no_space_check = arguments.no_space_check;
  conversion.work_dir = arguments.work_dir.empty()
                            ? conversion.settings.outputs.front().file + ".stereofarm"
                            : arguments.work_dir;
  const auto reporter =
      NewJobReporter(ChooseReportMode(arguments.output.json, arguments.output.quiet));
  return RunConversion(conversion, &signals, reporter.get());
}

}  // namespace

Command AddConvertCommand(CLI::App* program) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program->add_subcommand(
      "convert", "Turn one film into a stereoscopic one, on this machine alone");
  command->add_option("IN", arguments->settings.input, "The film to read")->required();
  command
      ->add_option("OUT", arguments->settings.output,
                   "The film to write; its extension says the container")
      ->required();
  AddPictureOptions(command, &arguments->settings);
  AddEncodingOptions(command, &arguments->settings);
  AddFarmingOptions(command, &arguments->settings);
  AddWorkerOptions(command, &arguments->worker);
  command
      ->add_option("--work-dir", arguments->work_dir,
                   "Folder for the state; OUT.stereofarm. Removed when the\n"
                   "film is done, unless --keep is given")
      ->type_name("DIR")
      ->group("Work");
  command->add_flag("--yes", arguments->yes, "Replace OUT if it exists")->group("Work");
  AddSpaceOption(command, &arguments->no_space_check);
  AddOutputOptions(command, &arguments->output, "One JSON object a line");
  AddTestOptions(command, &arguments->settings);
  command->footer(
      "A conversion that was interrupted goes on when the same command is given again.\n"
      "\n"
      "Examples:\n"
      "  stereofarm convert film.mov film.3d.mkv\n"
      "  stereofarm convert film.mov film.3d.mp4 --layout half-sbs --also anaglyph=look.mp4\n"
      "  stereofarm convert film.mov try.mkv --range 1200:1440 --budget 2.5 --keep\n"
      "  stereofarm convert film.mov film.3d.mkv --depth exr:depth/ "
      "--rig fx=1800,baseline=0.06,convergence=3\n"
      "  stereofarm convert film.mov master.mkv --codec ffv1");
  return {command, [arguments] { return RunConvert(*arguments); }};
}

}  // namespace stereofarm
