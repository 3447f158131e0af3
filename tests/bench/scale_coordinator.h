#ifndef STEREOFARM_TESTS_BENCH_SCALE_COORDINATOR_H_
#define STEREOFARM_TESTS_BENCH_SCALE_COORDINATOR_H_

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace stereofarm {

// The coordinator's process: serves a farm whose every film has so many frames, with its database
// and store below `root`, until SIGTERM. Prints its address in a line.
[[noreturn]] void ServeFarm(const std::string& root, int64_t frames);

// Starts this very program again as `--serve ROOT --frames N`, which is to call ServeFarm.
struct CoordinatorProcess {
  pid_t pid = 0;
  std::string address;
};
CoordinatorProcess StartCoordinator(const std::string& root, int64_t frames);

}  // namespace stereofarm

#endif  // STEREOFARM_TESTS_BENCH_SCALE_COORDINATOR_H_
