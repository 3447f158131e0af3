#include "coordinator/scheduling/disk_guard.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_format.h"
#include "common/base/byte_size.h"

namespace stereofarm {
namespace {

constexpr int64_t kMostMinFree = int64_t{2} << 30;

}  // namespace

int64_t DiskGuard::MinFree(const DiskSpace& space) const {
  return min_free_.value_or(std::min(kMostMinFree, space.total / 50));
}

absl::Status DiskGuard::CheckRoom(const std::vector<RoomWanted>& wanted) const {
  struct Disk {
    std::filesystem::path folder;
    int64_t wanted = 0;
    DiskSpace space;
    int64_t kept = 0;
  };
  std::map<uint64_t, Disk> disks;
  for (const RoomWanted& want : wanted) {
    const absl::StatusOr<DiskSpace> space = probe_(want.folder);
    if (!space.ok()) continue;
    Disk& disk = disks[space->disk];
    if (disk.folder.empty()) disk.folder = want.folder;
    disk.wanted += want.bytes;
    disk.space = *space;
  }
  for (const std::filesystem::path& folder : folders_) {
    const absl::StatusOr<DiskSpace> space = probe_(folder);
    if (!space.ok()) continue;
    if (const auto disk = disks.find(space->disk); disk != disks.end()) {
      disk->second.kept = MinFree(*space);
    }
  }
  for (const auto& [number, disk] : disks) {
    if (disk.wanted <= disk.space.free - disk.kept) continue;
    const std::string kept =
        disk.kept == 0
            ? ""
            : absl::StrFormat(", of which the farm keeps %s (--min-free)", BytesText(disk.kept));
    return absl::FailedPreconditionError(absl::StrFormat(
        "the job needs about %s on the disk of %s, which has %s free%s; make room, or begin all "
        "the same with --no-space-check",
        BytesText(disk.wanted), disk.folder.string(), BytesText(disk.space.free), kept));
  }
  return absl::OkStatus();
}

std::string DiskGuard::Look() {
  short_ = false;
  std::string hold;
  for (const std::filesystem::path& folder : folders_) {
    const absl::StatusOr<DiskSpace> space = probe_(folder);
    if (!space.ok()) continue;
    const int64_t wanted = MinFree(*space);
    if (space->free < 2 * wanted) short_ = true;
    if (!hold.empty() || space->free >= wanted + (low_ ? wanted / 4 : 0)) continue;
    hold = absl::StrFormat(
        "the disk of %s has %s free and the farm keeps %s (--min-free); make "
        "room, and it goes on by itself",
        folder.string(), BytesText(space->free), BytesText(wanted));
  }
  low_ = !hold.empty();
  return hold;
}

}  // namespace stereofarm
