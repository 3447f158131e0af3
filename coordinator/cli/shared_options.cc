#include "coordinator/cli/shared_options.h"

#include <stdlib.h>

#include "common/base/clock.h"

namespace stereofarm {

void AddWorkerOptions(CLI::App* command, WorkerArguments* arguments) {
  command
      ->add_option("--device", arguments->device,
                   "What computes: cpu, cuda:N or all (every GPU; without\n"
                   "one, the CPU)")
      ->type_name("DEVICE")
      ->capture_default_str()
      ->group("Work");
  command
      ->add_option("--workers", arguments->workers,
                   "Worker processes; one for each core, at most 8, on the\n"
                   "CPU, one for each GPU else")
      ->type_name("N")
      ->check(CLI::Range(1, 256).description(""))
      ->group("Work");
}

void AddOutputOptions(CLI::App* command, OutputArguments* arguments, const std::string& json) {
  CLI::Option* json_flag =
      command->add_flag("--json", arguments->json, json)->group("What is printed");
  command->add_flag("--quiet", arguments->quiet, "Errors only")
      ->group("What is printed")
      ->excludes(json_flag);
}

void AddFarmOptions(CLI::App* command, FarmArguments* arguments) {
  command
      ->add_option("--farm", arguments->farm,
                   "The coordinator, unix:PATH or HOST:PORT; else what\n"
                   "STEREOFARM_ADDR names")
      ->type_name("ADDR");
  command
      ->add_option("--tls", arguments->tls,
                   "Folder that lets you in where the farm has TLS; else\n"
                   "what STEREOFARM_TLS names")
      ->type_name("DIR");
}

absl::StatusOr<FarmPlace> FindFarm(const FarmArguments& arguments) {
  const auto or_variable = [](const std::string& option, const char* name) -> std::string {
    if (!option.empty()) return option;
    const char* variable = getenv(name);
    return variable != nullptr ? variable : "";
  };
  const std::string address = or_variable(arguments.farm, "STEREOFARM_ADDR");
  if (address.empty()) {
    return absl::InvalidArgumentError(
        "which farm is meant? name it with --farm unix:PATH or --farm HOST:PORT, or in "
        "STEREOFARM_ADDR");
  }
  return PlaceOfFarm(address, or_variable(arguments.tls, "STEREOFARM_TLS"), RealClock());
}

}  // namespace stereofarm
