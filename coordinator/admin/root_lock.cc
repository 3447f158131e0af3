#include "coordinator/admin/root_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"

namespace stereofarm {
namespace {

constexpr useconds_t kPauseMicros = 20'000;

}  // namespace

RootLock::~RootLock() {
  if (fd_ >= 0) close(fd_);
}

absl::Status RootLock::Take(const std::filesystem::path& root, int64_t patience_micros) {
  const std::filesystem::path file = root / "farm.lock";
  fd_ = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd_ < 0) return ErrnoStatus(errno, "cannot open " + file.string());
  const int64_t give_up = clock_->MonotonicMicros() + patience_micros;
  while (flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return ErrnoStatus(errno, "cannot lock " + file.string());
    }
    if (clock_->MonotonicMicros() >= give_up) {
      return absl::UnavailableError(absl::StrFormat(
          "another stereofarm-coordinator uses %s; stop it or choose another --root",
          root.string()));
    }
    usleep(kPauseMicros);
  }
  return absl::OkStatus();
}

}  // namespace stereofarm
