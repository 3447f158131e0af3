#ifndef STEREOFARM_COORDINATOR_ADMIN_ROOT_LOCK_H_
#define STEREOFARM_COORDINATOR_ADMIN_ROOT_LOCK_H_

#include <filesystem>

#include "common/base/clock.h"
#include "common/base/status.h"

namespace stereofarm {

// Held by the one process that may write in a coordinator's root; the kernel lets go of it when the
// process ends, however it ends.
class RootLock {
 public:
  explicit RootLock(Clock* clock) : clock_(clock) {}
  ~RootLock();
  RootLock(const RootLock&) = delete;
  RootLock& operator=(const RootLock&) = delete;

  // Waits up to `patience_micros` for a holder that is just ending; then Unavailable.
  absl::Status Take(const std::filesystem::path& root, int64_t patience_micros);

 private:
  Clock* const clock_;
  int fd_ = -1;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_ADMIN_ROOT_LOCK_H_
