#include "coordinator/cli/shared_options.h"

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

void AddFarmOption(CLI::App* command, std::string* farm) {
  command
      ->add_option("--farm", *farm,
                   "The coordinator, unix:PATH or HOST:PORT; else what\n"
                   "STEREOFARM_ADDR names")
      ->type_name("ADDR");
}

}  // namespace stereofarm
