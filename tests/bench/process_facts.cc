#include "tests/bench/process_facts.h"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <system_error>

#include "absl/strings/str_format.h"
#include "common/base/clock.h"

namespace stereofarm {

double Seconds() { return static_cast<double>(RealClock()->MonotonicMicros()) * 1e-6; }

double CpuSeconds(pid_t pid) {
  std::ifstream file(absl::StrFormat("/proc/%d/stat", pid));
  std::string text((std::istreambuf_iterator<char>(file)), {});
  // The name in brackets may hold anything; user and system time are the 12th and 13th after it.
  std::istringstream fields(text.substr(text.rfind(')') + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  int64_t user = 0;
  int64_t system = 0;
  fields >> user >> system;
  return static_cast<double>(user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

double PeakMebibytes(pid_t pid) {
  std::ifstream file(absl::StrFormat("/proc/%d/status", pid));
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) / 1024;
  }
  return 0;
}

double Mebibytes(const std::filesystem::path& file) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  return error ? 0 : static_cast<double>(size) / (1 << 20);
}

Spent SpentSoFar(pid_t coordinator) { return {CpuSeconds(coordinator), CpuSeconds(getpid())}; }

void Stretch::Add(const Stretch& more) {
  count += more.count;
  seconds += more.seconds;
  spent.coordinator += more.spent.coordinator;
  spent.workers += more.spent.workers;
  latencies.insert(latencies.end(), more.latencies.begin(), more.latencies.end());
}

double Percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[static_cast<size_t>(share * static_cast<double>(values.size() - 1))];
}

}  // namespace stereofarm
