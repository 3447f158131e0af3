#include "worker/transfer/path_map.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_format.h"

namespace stereofarm {
namespace fs = std::filesystem;
namespace {

// Without "." and "..", doubled slashes and one at the end.
fs::path Plain(const std::string& text) {
  const fs::path path = fs::path(text).lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

}  // namespace

absl::StatusOr<PathMap> PathMap::Parse(const std::vector<std::string>& entries) {
  PathMap map;
  for (const std::string& entry : entries) {
    const size_t equals = entry.find('=');
    if (equals == std::string::npos || entry[0] != '/' || entry[equals + 1] != '/') {
      return absl::InvalidArgumentError(
          absl::StrFormat("--path-map: '%s' is not of the form A=B with two absolute folders, the "
                          "coordinator's and this machine's",
                          entry));
    }
    map.entries_.emplace_back(Plain(entry.substr(0, equals)), Plain(entry.substr(equals + 1)));
  }
  return map;
}

fs::path PathMap::Here(const fs::path& path) const {
  const fs::path plain = path.lexically_normal();
  fs::path here = path;
  std::ptrdiff_t longest = 0;
  for (const auto& [there, mapped] : entries_) {
    const auto [rest_of_there, rest] =
        std::mismatch(there.begin(), there.end(), plain.begin(), plain.end());
    const std::ptrdiff_t length = std::distance(there.begin(), there.end());
    if (rest_of_there != there.end() || length <= longest) continue;
    longest = length;
    here = mapped;
    for (auto part = rest; part != plain.end(); ++part) here /= *part;
  }
  return here;
}

}  // namespace stereofarm
