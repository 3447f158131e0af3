// Runs simulated farms, one for each seed, and says whether all kept their promises.
#include <chrono>
#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "common/base/log.h"
#include "tests/sim/simulation.h"

namespace stereofarm {
namespace {

constexpr char kUsage[] =
    "Usage: tests/sim/run [--seeds N] [--from S] [--plant NAME] [--keep-going] [--stats]\n"
    "       tests/sim/run --verbose SEED [--plant NAME]\n"
    "\n"
    "  --seeds N       how many farms to simulate (default 200)\n"
    "  --from S        the first one's seed (default 1)\n"
    "  --plant NAME    plant a known bug, which has to be found: %s\n"
    "  --verbose SEED  run one seed and print all that happens\n"
    "  --keep-going    go on after a seed that breaks an invariant, and list them all\n"
    "  --stats         also print how often each kind of fault was injected\n"
    "\n"
    "Ends with 0 when every invariant held, 1 when one broke, 2 for a wrong option.\n";

struct Options {
  int64_t seeds = 200;
  int64_t from = 1;
  Plant plant = Plant::kNone;
  bool verbose = false;
  bool keep_going = false;
  bool stats = false;
};

int Refuse(const std::string& what) {
  std::fprintf(stderr, "tests/sim/run: %s; see --help\n", what.c_str());
  return 2;
}

int RunSeeds(const Options& options) {
  std::map<std::string, int64_t> faults;
  std::map<std::string, int> jobs;
  int64_t seeds = 0;
  int64_t steps = 0;
  int64_t fault_count = 0;
  int64_t crashes = 0;
  int broken = 0;
  for (int64_t seed = options.from; seed < options.from + options.seeds; ++seed) {
    const SimulationResult result =
        Simulate(static_cast<uint64_t>(seed), options.plant, options.verbose);
    ++seeds;
    steps += result.steps;
    crashes += result.crashes;
    fault_count += result.FaultCount();
    for (const auto& [kind, count] : result.faults) faults[kind] += count;
    for (const auto& [state, count] : result.jobs) jobs[state] += count;
    if (options.verbose) std::printf("digest of seed %ld: %s\n", seed, result.digest.c_str());
    if (!result.broken) continue;
    ++broken;
    std::printf("seed %ld breaks %s: %s\n", seed, result.broken->invariant.c_str(),
                result.broken->detail.c_str());
    std::fflush(stdout);
    if (!options.keep_going) break;
  }
  if (options.stats) {
    for (const auto& [kind, count] : faults) std::printf("%9ld  %s\n", count, kind.c_str());
    for (const auto& [state, count] : jobs)
      std::printf("%9d  jobs ended %s\n", count, state.c_str());
  }
  std::printf(
      "%ld seeds, %ld steps, %ld faults injected, %ld crashes of the coordinator, "
      "%d invariants broken\n",
      seeds, steps, fault_count, crashes, broken);
  return broken == 0 ? 0 : 1;
}

int Main(const std::vector<std::string>& arguments) {
  Options options;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& option = arguments[i];
    if (option == "--help") {
      std::printf(kUsage, PlantNames().c_str());
      return 0;
    }
    if (option == "--keep-going" || option == "--stats") {
      (option == "--stats" ? options.stats : options.keep_going) = true;
      continue;
    }
    if (option != "--seeds" && option != "--from" && option != "--plant" && option != "--verbose") {
      return Refuse("unknown option '" + option + "'");
    }
    if (++i == arguments.size()) return Refuse(option + " wants a value");
    const std::string& value = arguments[i];
    if (option == "--plant") {
      const std::optional<Plant> plant = ParsePlant(value);
      if (!plant) return Refuse("--plant: there's no '" + value + "'");
      options.plant = *plant;
      continue;
    }
    int64_t number = 0;
    if (!absl::SimpleAtoi(value, &number) || number < 0 || number > 1'000'000'000) {
      return Refuse(option + ": '" + value + "' is no number from 0 to 1000000000");
    }
    if (option == "--seeds") {
      options.seeds = number;
    } else {
      options.from = number;
    }
    if (option == "--verbose") {
      options.seeds = 1;
      options.verbose = true;
    }
  }
  // Farms in which everything goes wrong have much to complain about: nothing is an error here.
  SetMinimumLogLevel(options.verbose
                         ? LogLevel::kInfo
                         : static_cast<LogLevel>(static_cast<int>(LogLevel::kError) + 1));
  return RunSeeds(options);
}

}  // namespace
}  // namespace stereofarm

int main(int argc, char** argv) {
  return stereofarm::Main(std::vector<std::string>(argv + 1, argv + argc));
}
