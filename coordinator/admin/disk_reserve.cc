#include "coordinator/admin/disk_reserve.h"

#include <fcntl.h>
#include <unistd.h>

#include <system_error>

namespace stereofarm {
namespace {

// The disk has so many times the reserve free when it's taken.
constexpr int64_t kPlenty = 8;

}  // namespace

void DiskReserve::Fill() {
  if (filled_) return;
  const absl::StatusOr<DiskSpace> space = probe_(file_.parent_path());
  if (!space.ok() || space->free < kPlenty * kBytes) return;
  const int fd = open(file_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return;
  filled_ = posix_fallocate(fd, 0, kBytes) == 0;
  close(fd);
}

void DiskReserve::GiveUp() {
  std::error_code ignored;
  std::filesystem::remove(file_, ignored);
  filled_ = false;
}

}  // namespace stereofarm
