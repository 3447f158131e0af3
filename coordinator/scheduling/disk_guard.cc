#include "coordinator/scheduling/disk_guard.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "common/base/byte_size.h"

namespace stereofarm {
namespace {

constexpr int64_t kMostMinFree = int64_t{2} << 30;

}  // namespace

std::string DiskGuard::Look() {
  for (const std::filesystem::path& folder : folders_) {
    const absl::StatusOr<DiskSpace> space = probe_(folder);
    if (!space.ok()) continue;
    const int64_t wanted = min_free_.value_or(std::min(kMostMinFree, space->total / 50));
    if (space->free >= wanted + (low_ ? wanted / 4 : 0)) continue;
    low_ = true;
    return absl::StrFormat(
        "the disk of %s has %s free and the farm keeps %s (--min-free); make "
        "room, and it goes on by itself",
        folder.string(), BytesText(space->free), BytesText(wanted));
  }
  low_ = false;
  return "";
}

}  // namespace stereofarm
