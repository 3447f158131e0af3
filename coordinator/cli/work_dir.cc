#include "coordinator/cli/work_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/un.h>
#include <unistd.h>

#include <string>
#include <system_error>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

// Made before anything else is: a folder with it is a convert's.
constexpr char kLockFile[] = "convert.lock";

}  // namespace

absl::StatusOr<std::unique_ptr<WorkDir>> WorkDir::Open(const fs::path& path) {
  std::unique_ptr<WorkDir> dir(new WorkDir);
  dir->path_ = fs::absolute(path).lexically_normal();
  std::error_code error;
  const std::string name = dir->path_.string();
  dir->is_new_ = !fs::exists(dir->path_, error);
  if (!dir->is_new_) {
    if (!fs::is_directory(dir->path_, error)) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "%s is a file, no folder to work in; name another with --work-dir", name));
    }
    if (!fs::exists(dir->path_ / kLockFile, error) && !fs::is_empty(dir->path_, error)) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "folder %s holds files of something else; name a new or empty one with --work-dir",
          name));
    }
  }
  SF_RETURN_IF_ERROR(MakeDirectories(dir->path_));
  dir->lock_fd_ = open((dir->path_ / kLockFile).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (dir->lock_fd_ < 0) return ErrnoStatus(errno, "cannot write in folder " + name);
  if (flock(dir->lock_fd_, LOCK_EX | LOCK_NB) != 0) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "another stereofarm convert is at work in %s; wait for it, or name another folder with "
        "--work-dir",
        name));
  }
  SF_RETURN_IF_ERROR(dir->ChooseSocket());
  return dir;
}

absl::Status WorkDir::ChooseSocket() {
  socket_ = path_ / "farm.sock";
  if (socket_.native().size() >= sizeof(sockaddr_un::sun_path)) {
    const char* run_time = getenv("XDG_RUNTIME_DIR");
    std::error_code error;
    fs::path parent = run_time != nullptr ? run_time : "";
    if (parent.native().size() > 64 || !fs::is_directory(parent, error) ||
        access(parent.c_str(), W_OK) != 0) {
      parent = "/tmp";
    }
    std::string folder = (parent / "stereofarm-XXXXXX").string();
    if (mkdtemp(folder.data()) == nullptr) {
      return ErrnoStatus(errno, "cannot make a folder for a socket in " + parent.string());
    }
    socket_folder_ = folder;
    socket_ = socket_folder_ / "farm.sock";
  }
  std::error_code error;
  fs::remove(socket_, error);  // Of a coordinator that was killed.
  return absl::OkStatus();
}

WorkDir::~WorkDir() {
  std::error_code error;
  if (!socket_.empty()) fs::remove(socket_, error);
  if (!socket_folder_.empty()) fs::remove(socket_folder_, error);
  if (lock_fd_ >= 0) close(lock_fd_);
}

absl::Status WorkDir::Remove() { return RemoveTree(path_); }

}  // namespace stereofarm
