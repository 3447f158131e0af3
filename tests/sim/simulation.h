#ifndef STEREOFARM_TESTS_SIM_SIMULATION_H_
#define STEREOFARM_TESTS_SIM_SIMULATION_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "tests/sim/world.h"

namespace stereofarm {

struct SimulationResult {
  int64_t steps = 0;                      // events that happened
  std::map<std::string, int64_t> faults;  // by kind
  int crashes = 0;                        // of the coordinator
  int workers = 0;
  std::map<std::string, int> jobs;  // by the state in which they ended
  std::optional<Violation> broken;
  std::string digest;  // of the log of all that happened

  int64_t FaultCount() const;
};

// Runs a farm for some simulated minutes in which everything goes wrong that `seed` wants, then in
// peace until every job is over, and audits it all the while. `verbose`: the log goes to standard
// output.
SimulationResult Simulate(uint64_t seed, Plant plant = Plant::kNone, bool verbose = false);

}  // namespace stereofarm

#endif  // STEREOFARM_TESTS_SIM_SIMULATION_H_
