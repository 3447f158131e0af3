// The commands that look after the weights of this machine.
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "common/base/byte_size.h"
#include "coordinator/cli/command.h"
#include "coordinator/cli/exit_code.h"
#include "coordinator/cli/model_fetch.h"
#include "coordinator/cli/shared_options.h"
#include "coordinator/cli/signal_watch.h"
#include "coordinator/cli/text_table.h"
#include "models/registry/known_models.h"
#include "models/registry/model_folder.h"
#include "nlohmann/json.hpp"

namespace stereofarm {
namespace {

struct Arguments {
  std::string folder;
  std::string name;
  std::vector<std::string> names;
  std::string file;
  std::string mirror;
  bool yes = false;
  OutputArguments output;
};

// "fetching 34 %, 33 of 99 MB", drawn over itself on a terminal.
ModelFolder::Progress ShowProgress(const Arguments& arguments, const std::string& what) {
  if (arguments.output.quiet || isatty(STDERR_FILENO) == 0) return {};
  return [what, shown = std::string()](int64_t done, int64_t total) mutable {
    std::string line = total > 0 ? absl::StrFormat("%s %d %%, %s of %s", what, 100 * done / total,
                                                   BytesText(done), BytesText(total))
                                 : absl::StrFormat("%s %s", what, BytesText(done));
    if (line == shown) return;
    shown = line;
    fprintf(stderr, "\r\x1b[2K%s%s", line.c_str(), done == total ? "\r\x1b[2K" : "");
  };
}

void Say(const Arguments& arguments, const std::string& line) {
  if (!arguments.output.quiet) printf("%s\n", line.c_str());
}

// That the user accepts a licence that forbids commercial use. InvalidArgument when not.
absl::Status AcceptLicence(const KnownModel& model, bool yes) {
  if (model.commercial_use || yes) return absl::OkStatus();
  const std::string terms =
      absl::StrFormat("the weights of %s may not be used commercially (%s, %s)", model.name,
                      model.licence, model.page);
  if (isatty(STDIN_FILENO) == 0) {
    return absl::InvalidArgumentError(terms + "; --yes accepts that");
  }
  fprintf(stderr, "%c%s. Go on? [y/N] ", toupper(terms[0]), terms.substr(1).c_str());
  std::string answer;
  std::getline(std::cin, answer);
  if (answer == "y" || answer == "Y" || answer == "yes") return absl::OkStatus();
  return absl::InvalidArgumentError(terms + ", and that wasn't accepted");
}

std::string StateOf(const absl::StatusOr<InstalledModel>& installed) {
  if (installed.ok()) return "here";
  return absl::IsNotFound(installed.status()) ? "missing" : "damaged";
}

std::string ModelJson(const KnownModel& model, const absl::StatusOr<InstalledModel>& installed) {
  nlohmann::ordered_json json = {{"model", model.name},
                                 {"family", model.family},
                                 {"licence", model.licence},
                                 {"commercial_use", model.commercial_use},
                                 {"state", StateOf(installed)},
                                 {"file", nullptr},
                                 {"bytes", nullptr},
                                 {"sha256", nullptr},
                                 {"published", nullptr},
                                 {"page", model.page},
                                 {"address", model.address}};
  if (installed.ok()) {
    json["file"] = installed->file.string();
    json["bytes"] = installed->bytes;
    json["sha256"] = installed->sha256;
    json["published"] = IsPublished(model, installed->sha256);
  }
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

int List(const Arguments& arguments, const ModelFolder& folder) {
  std::vector<std::vector<std::string>> rows = {{"MODEL", "LICENCE", "SIZE", "STATE"}};
  for (const KnownModel& model : KnownModels()) {
    const auto installed = folder.Find(model.name);
    if (arguments.output.json) {
      printf("%s\n", ModelJson(model, installed).c_str());
      continue;
    }
    const int64_t bytes = installed.ok() ? installed->bytes : model.bytes;
    const bool other = installed.ok() && !IsPublished(model, installed->sha256);
    rows.push_back({model.name, model.licence + (model.commercial_use ? "" : ", non-commercial"),
                    bytes > 0 ? BytesText(bytes) : "?",
                    StateOf(installed) + (other ? ", not the published file" : "")});
  }
  if (!arguments.output.json && !arguments.output.quiet) {
    printf("%sin %s\n", TextTable(rows).c_str(), folder.path().c_str());
  }
  return kExitDone;
}

// All that are there, or those that are named; goes on behind one that is damaged.
int Verify(const Arguments& arguments, const ModelFolder& folder) {
  int code = kExitDone;
  int count = 0;
  std::vector<std::string> names = arguments.names;
  for (const KnownModel& model : KnownModels()) {
    if (arguments.names.empty() && !absl::IsNotFound(folder.Find(model.name).status())) {
      names.push_back(model.name);
    }
  }
  for (const std::string& name : names) {
    const auto model = FindKnownModel(name);
    const absl::Status status =
        model.ok() ? folder.Verify(*model, ShowProgress(arguments, "checking " + name))
                   : model.status();
    if (!status.ok()) code = Fail(status);
    if (status.ok()) Say(arguments, name + " is sound");
    ++count;
  }
  if (count == 0) Say(arguments, "no weights are in " + folder.path().string());
  return code;
}

int Told(const Arguments& arguments, const KnownModel& model,
         const absl::StatusOr<InstalledModel>& installed) {
  if (!installed.ok()) return Fail(installed.status());
  Say(arguments,
      absl::StrFormat("%s is in %s%s", model.name, installed->file.string(),
                      IsPublished(model, installed->sha256)
                          ? ""
                          : "; its tensors are the model's, but it isn't the published file"));
  return kExitDone;
}

int Add(const Arguments& arguments, const ModelFolder& folder) {
  const auto model = FindKnownModel(arguments.name);
  if (!model.ok()) return Fail(model.status());
  const absl::Status accepted = AcceptLicence(*model, arguments.yes);
  if (!accepted.ok()) return Fail(kExitUsage, accepted);
  return Told(arguments, *model,
              folder.Add(*model, arguments.file, ShowProgress(arguments, "copying")));
}

int Fetch(const Arguments& arguments, const ModelFolder& folder) {
  const auto model = FindKnownModel(arguments.name);
  if (!model.ok()) return Fail(model.status());
  const absl::Status accepted = AcceptLicence(*model, arguments.yes);
  if (!accepted.ok()) return Fail(kExitUsage, accepted);
  const char* variable = getenv("STEREOFARM_MODEL_MIRROR");
  const std::string mirror =
      arguments.mirror.empty() && variable != nullptr ? variable : arguments.mirror;
  return Told(arguments, *model,
              FetchModel(folder, *model, mirror, ShowProgress(arguments, "fetching")));
}

void AddNameOption(CLI::App* command, Arguments* arguments) {
  command->add_option("NAME", arguments->name, "The model, as list names it")->required();
}

void AddYesOption(CLI::App* command, Arguments* arguments) {
  command->add_flag("--yes", arguments->yes, "Accepts a licence that forbids commercial use");
}

}  // namespace

Command AddModelsCommand(CLI::App* program) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* models = program->add_subcommand(
      "models", "Look after the weights of this machine: list, verify, add, fetch");
  models->require_subcommand(1);
  using Action = std::function<int(const Arguments&, const ModelFolder&)>;
  auto actions = std::make_shared<std::vector<std::pair<CLI::App*, Action>>>();
  const auto add = [&](const std::string& name, const std::string& description, Action action) {
    CLI::App* command = models->add_subcommand(name, description);
    command
        ->add_option("--models", arguments->folder,
                     "Folder of the weights; else what\n"
                     "STEREOFARM_MODELS names, else\n"
                     "~/.local/share/stereofarm/models")
        ->type_name("DIR");
    actions->emplace_back(command, std::move(action));
    return command;
  };

  CLI::App* list = add("list", "The models that are known, and which are here", List);
  AddOutputOptions(list, &arguments->output, "One JSON object a model, one a line");

  CLI::App* verify = add("verify", "Read weights again and compare them with their hash", Verify);
  verify->add_option("NAME", arguments->names, "The models; without one, all that are here");
  verify->add_flag("--quiet", arguments->output.quiet, "Errors only");

  CLI::App* add_one = add("add", "Take weights from a file", Add);
  AddNameOption(add_one, arguments.get());
  add_one
      ->add_option("FILE", arguments->file,
                   "A safetensors file or a checkpoint of PyTorch (.pth); it is\n"
                   "copied")
      ->required();
  AddYesOption(add_one, arguments.get());
  add_one->add_flag("--quiet", arguments->output.quiet, "Errors only");
  add_one->footer(
      "Example:\n  stereofarm models add depth-anything-v2-small depth_anything_v2_vits.pth");

  CLI::App* fetch = add("fetch", "Download published weights; run again, it goes on", Fetch);
  AddNameOption(fetch, arguments.get());
  AddYesOption(fetch, arguments.get());
  fetch
      ->add_option("--mirror", arguments->mirror,
                   "Stands in for the publisher's https://HOST; else what\n"
                   "STEREOFARM_MODEL_MIRROR names")
      ->type_name("URL");
  fetch->add_flag("--quiet", arguments->output.quiet, "Errors only");
  fetch->footer(
      "Proxies are taken from https_proxy, ALL_PROXY and NO_PROXY.\n"
      "Example:\n  stereofarm models fetch video-depth-anything-small");

  return {models, [arguments, actions] {
            EndOnInterrupt();
            const auto folder = FindModelFolder(arguments->folder);
            if (!folder.ok()) return Fail(kExitUsage, folder.status());
            for (const auto& [command, action] : *actions) {
              if (command->parsed()) return action(*arguments, ModelFolder(*folder));
            }
            return static_cast<int>(kExitUsage);
          }};
}

}  // namespace stereofarm
