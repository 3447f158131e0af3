#include "worker/transfer/scratch_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <string>
#include <system_error>
#include <vector>

#include "common/base/file_system.h"
#include "common/base/log.h"

namespace stereofarm {
namespace fs = std::filesystem;
namespace {

constexpr char kPrefix[] = "worker-";
constexpr char kLockSuffix[] = ".lock";

// The lock of a folder lies beside it, so that the folder can be removed while it's held. -1:
// another process has it, or it can't be had.
int TryLock(const fs::path& file) {
  const int fd = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
  if (fd >= 0) close(fd);
  return -1;
}

void RemoveLeftOvers(const fs::path& scratch) {
  std::vector<fs::path> locks;
  std::error_code error;
  for (fs::directory_iterator it(scratch, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name.starts_with(kPrefix) && name.ends_with(kLockSuffix)) locks.push_back(it->path());
  }
  for (const fs::path& file : locks) {
    const int lock = TryLock(file);
    if (lock < 0) continue;
    fs::path folder = file;
    if (absl::Status removed = RemoveTree(folder.replace_extension()); !removed.ok()) {
      SF_LOG(kWarning) << "what an earlier worker left: " << removed.message();
    }
    unlink(file.c_str());
    close(lock);
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<ScratchFolder>> ScratchFolder::Make(const fs::path& scratch,
                                                                   Random* random) {
  SF_RETURN_IF_ERROR(MakeDirectories(scratch));
  RemoveLeftOvers(scratch);
  const fs::path path = scratch / (kPrefix + random->Hex(16));
  const int lock = TryLock(path.string() + kLockSuffix);
  if (lock < 0) return ErrnoStatus(errno, "cannot create a file in " + scratch.string());
  std::unique_ptr<ScratchFolder> folder(new ScratchFolder(path, lock));
  SF_RETURN_IF_ERROR(MakeDirectories(path));
  return folder;
}

ScratchFolder::~ScratchFolder() {
  if (absl::Status removed = RemoveTree(path_); !removed.ok()) {
    SF_LOG(kWarning) << removed.message();
  }
  unlink((path_.string() + kLockSuffix).c_str());
  close(lock_);
}

}  // namespace stereofarm
