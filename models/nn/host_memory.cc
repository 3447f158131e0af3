#include "models/nn/host_memory.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <optional>
#include <string>

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

// The number behind `key` in a file of lines "KEY NUMBER ...".
std::optional<int64_t> NumberOf(const fs::path& file, const std::string& key) {
  std::ifstream in(file);
  std::string line;
  while (std::getline(in, line)) {
    if (!line.starts_with(key + " ") && !line.starts_with(key + ":")) continue;
    const size_t digits = line.find_first_of("0123456789");
    if (digits == std::string::npos || line.size() - digits > 40) return std::nullopt;
    return std::strtoll(line.c_str() + digits, nullptr, 10);
  }
  return std::nullopt;
}

// The number that is all of a file; nothing for "max".
std::optional<int64_t> OnlyNumber(const fs::path& file) {
  std::ifstream in(file);
  int64_t number = 0;
  if (!(in >> number)) return std::nullopt;
  return number;
}

// What one group leaves.
int64_t LeftIn(const fs::path& group) {
  constexpr int64_t kAny = std::numeric_limits<int64_t>::max();
  const std::optional<int64_t> most = OnlyNumber(group / "memory.max");
  const std::optional<int64_t> used = OnlyNumber(group / "memory.current");
  if (!most || !used) return kAny;
  const int64_t cache = NumberOf(group / "memory.stat", "inactive_file").value_or(0) +
                        NumberOf(group / "memory.stat", "active_file").value_or(0);
  return std::max<int64_t>(0, *most - std::max<int64_t>(0, *used - cache));
}

}  // namespace

int64_t FreeHostMemory(const fs::path& root) {
  int64_t free = std::numeric_limits<int64_t>::max();
  if (const auto kib = NumberOf(root / "proc/meminfo", "MemAvailable")) free = *kib * 1024;
  std::ifstream groups(root / "proc/self/cgroup");
  std::string line;
  while (std::getline(groups, line)) {
    if (!line.starts_with("0::/")) continue;
    const fs::path top = root / "sys/fs/cgroup";
    fs::path group = (top / line.substr(4)).lexically_normal();
    while (group.string().starts_with(top.string())) {
      free = std::min(free, LeftIn(group));
      group = group.parent_path();
    }
  }
  return free;
}

}  // namespace stereofarm
