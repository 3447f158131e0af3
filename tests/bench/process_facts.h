#ifndef STEREOFARM_TESTS_BENCH_PROCESS_FACTS_H_
#define STEREOFARM_TESTS_BENCH_PROCESS_FACTS_H_

#include <sys/types.h>

#include <filesystem>
#include <vector>

namespace stereofarm {

// Seconds of the monotonic clock.
double Seconds();

// Processor time of a process so far, user's and system's, in seconds.
double CpuSeconds(pid_t pid);
// The most memory that it has had at once.
double PeakMebibytes(pid_t pid);
// A file's size; 0 where it isn't there.
double Mebibytes(const std::filesystem::path& file);

// Processor time of both sides.
struct Spent {
  double coordinator = 0;
  double workers = 0;
  Spent operator-(const Spent& before) const {
    return {coordinator - before.coordinator, workers - before.workers};
  }
};
// `coordinator`'s, and that of this process, which is the workers.
Spent SpentSoFar(pid_t coordinator);

// What was done in some time: cycles or calls.
struct Stretch {
  double count = 0;
  double seconds = 0;
  Spent spent;
  std::vector<double> latencies;  // in seconds
  void Add(const Stretch& more);
};

// `share`: 0 to 1; 0 where there are no values.
double Percentile(std::vector<double> values, double share);

}  // namespace stereofarm

#endif  // STEREOFARM_TESTS_BENCH_PROCESS_FACTS_H_
