#ifndef STEREOFARM_COORDINATOR_ADMIN_DISK_RESERVE_H_
#define STEREOFARM_COORDINATOR_ADMIN_DISK_RESERVE_H_

#include <cstdint>
#include <filesystem>
#include <functional>

#include "common/base/file_system.h"
#include "common/base/status.h"

namespace stereofarm {

// A file that holds some room on the disk of the coordinator's root. Given up, it lets a
// coordinator start on a disk that is full to the last byte: even to be read, the database needs
// room for its index. Not thread-safe.
class DiskReserve {
 public:
  using Probe = std::function<absl::StatusOr<DiskSpace>(const std::filesystem::path&)>;
  static constexpr char kFile[] = "farm.reserve";
  static constexpr int64_t kBytes = 1 << 20;

  // In `root`, which is there.
  explicit DiskReserve(const std::filesystem::path& root, Probe probe = FreeSpace)
      : file_(root / kFile), probe_(std::move(probe)) {}

  // Takes the room, unless it's taken. Leaves a disk alone that has little room itself: it's for
  // another time.
  void Fill();
  // Frees the room.
  void GiveUp();

 private:
  const std::filesystem::path file_;
  const Probe probe_;
  bool filled_ = false;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_ADMIN_DISK_RESERVE_H_
