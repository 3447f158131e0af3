#include <stdio.h>

#include <memory>
#include <string>
#include <vector>

#include "coordinator/cli/command.h"
#include "coordinator/cli/exit_code.h"
#include "coordinator/cli/job_json.h"
#include "coordinator/cli/job_text.h"
#include "coordinator/cli/jobs_client.h"
#include "coordinator/cli/settings_options.h"
#include "coordinator/cli/shared_options.h"
#include "coordinator/cli/signal_watch.h"
#include "proto/conversions.h"

namespace stereofarm {
namespace {

struct Arguments {
  SettingsArguments settings;
  FarmArguments farm;
  bool yes = false;
  bool no_space_check = false;
  int priority = 0;
  int max_workers = 0;
  std::vector<std::string> tags;
  OutputArguments output;
};

int RunSubmit(const Arguments& arguments) {
  EndOnInterrupt();
  const auto farm = FindFarm(arguments.farm);
  if (!farm.ok()) return Fail(kExitUsage, farm.status());
  const auto settings = BuildSettings(arguments.settings);
  if (!settings.ok()) return Fail(ExitCodeOfSettings(settings.status()), settings.status());
  // The films needn't be on this machine: the farm looks at them.
  v1::SubmitRequest request;
  *request.mutable_settings() = ToProto(*settings);
  request.set_replace(arguments.yes);
  request.set_no_space_check(arguments.no_space_check);
  request.set_priority(arguments.priority);
  request.set_max_workers(arguments.max_workers);
  for (const std::string& tag : arguments.tags) request.add_tags(tag);
  JobsClient client(*farm);
  const auto reply = client.Submit(request);
  if (!reply.ok()) return Fail(reply.status());
  if (arguments.output.json) {
    printf("%s\n", SubmittedJson(*reply).c_str());
  } else if (!arguments.output.quiet) {
    printf(reply->already_done() ? "%s is this job's finished film already; its id is\n"
                                 : "the farm writes %s when it's done\n",
           settings->outputs.front().file.c_str());
    if (!reply->already_done()) printf("%s; its id is\n", DiskNeedText(*reply).c_str());
  }
  printf("%s\n", reply->job().c_str());
  return kExitDone;
}

}  // namespace

Command AddSubmitCommand(CLI::App* program) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command =
      program->add_subcommand("submit", "Give a film to a running farm; prints the job's id");
  command->add_option("IN", arguments->settings.input, "The film to read")->required();
  command
      ->add_option("OUT", arguments->settings.output,
                   "The film to write; its extension says the container")
      ->required();
  AddFarmOptions(command, &arguments->farm);
  AddPictureOptions(command, &arguments->settings);
  AddEncodingOptions(command, &arguments->settings);
  AddFarmingOptions(command, &arguments->settings);
  command->add_option("--priority", arguments->priority, "Higher goes first: -1000 to 1000")
      ->capture_default_str()
      ->group("Work");
  command
      ->add_option("--workers", arguments->max_workers,
                   "At most so many workers at the same time; 0: as many as there are")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber)
      ->group("Work");
  command->add_option("--tags", arguments->tags, "Only workers that have all these tags: A,B")
      ->delimiter(',')
      ->group("Work");
  command->add_flag("--yes", arguments->yes, "Replace OUT if it exists")->group("Work");
  AddSpaceOption(command, &arguments->no_space_check);
  AddOutputOptions(command, &arguments->output, "The answer as JSON before the job's id");
  AddTestOptions(command, &arguments->settings);
  command->footer(
      "The last line on standard output is the job's id alone.\n"
      "\n"
      "Examples:\n"
      "  export STEREOFARM_ADDR=unix:/srv/farm/farm.sock\n"
      "  job=$(stereofarm submit film.mov film.3d.mkv | tail -n 1)\n"
      "  stereofarm watch $job");
  return {command, [arguments] { return RunSubmit(*arguments); }};
}

}  // namespace stereofarm
