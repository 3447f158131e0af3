#ifndef STEREOFARM_COORDINATOR_SCHEDULING_DISK_GUARD_H_
#define STEREOFARM_COORDINATOR_SCHEDULING_DISK_GUARD_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/base/file_system.h"
#include "common/base/status.h"

namespace stereofarm {

// What is going to be written to a folder.
struct RoomWanted {
  std::filesystem::path folder;
  int64_t bytes = 0;
};

// Watches the disks that the coordinator writes to, so that the farm pauses before one is full.
class DiskGuard {
 public:
  using Probe = std::function<absl::StatusOr<DiskSpace>(const std::filesystem::path&)>;

  // `min_free`: bytes that stay free on each of the disks that hold `folders`; without it the
  // smaller of 2 GiB and 2 % of the disk.
  DiskGuard(std::vector<std::filesystem::path> folders, std::optional<int64_t> min_free,
            Probe probe = FreeSpace)
      : folders_(std::move(folders)), min_free_(min_free), probe_(std::move(probe)) {}

  // One sentence while a disk has less than that (and, once it had, until it has a quarter more);
  // empty: all is well. A disk that can't be asked counts as well. One thread's alone.
  std::string Look();
  // At the last Look a disk had less than twice that free.
  bool is_short() const { return short_; }
  // Whether it all fits, less what stays free: FailedPrecondition names disk and bytes. What goes
  // to one disk is added up. Any thread's.
  absl::Status CheckRoom(const std::vector<RoomWanted>& wanted) const;

 private:
  // What stays free on a disk with `folders_`.
  int64_t MinFree(const DiskSpace& space) const;

  const std::vector<std::filesystem::path> folders_;
  const std::optional<int64_t> min_free_;
  const Probe probe_;
  bool low_ = false;
  bool short_ = false;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_SCHEDULING_DISK_GUARD_H_
