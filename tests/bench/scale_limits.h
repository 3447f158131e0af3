#ifndef STEREOFARM_TESTS_BENCH_SCALE_LIMITS_H_
#define STEREOFARM_TESTS_BENCH_SCALE_LIMITS_H_

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <vector>

#include "tests/bench/load_worker.h"
#include "tests/bench/process_facts.h"

namespace stereofarm {

// What this machine allows a farm at best.

// The transactions of so many cycles (lease, result, publishing) without anything around them, in a
// database in `folder`: cycles a second.
double RawCyclesPerSecond(const std::filesystem::path& folder, int cycles);

// `calls` of each worker that the coordinator answers without doing anything.
Stretch CallNothing(const std::vector<std::unique_ptr<LoadWorker>>& workers, int calls,
                    pid_t coordinator);

}  // namespace stereofarm

#endif  // STEREOFARM_TESTS_BENCH_SCALE_LIMITS_H_
