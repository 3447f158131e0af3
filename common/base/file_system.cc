#include "common/base/file_system.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <system_error>

#include "absl/strings/str_format.h"

namespace stereofarm {
namespace fs = std::filesystem;
namespace {

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

absl::Status WriteAndSync(int fd, std::string_view content, const std::string& name) {
  while (!content.empty()) {
    const ssize_t written = write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoStatus(errno, "cannot write " + name);
    content.remove_prefix(static_cast<size_t>(written));
  }
  if (fsync(fd) != 0) return ErrnoStatus(errno, "cannot flush " + name);
  return absl::OkStatus();
}

fs::path FolderOf(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

absl::Status WriteAtomically(const fs::path& path, std::string_view content, mode_t mode) {
  // All by the folder's descriptor: its long path is walked once.
  const fs::path folder_path = FolderOf(path);
  const FileDescriptor folder(open(folder_path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const std::string name = path.filename().string();
  const std::string temporary = absl::StrFormat("%s.%d.tmp", name, getpid());
  const auto failure = [&](const char* what) {
    return ErrnoStatus(errno, absl::StrFormat("cannot %s %s", what, path.string()));
  };
  if (folder.get() < 0) return failure("create");
  absl::Status status;
  {
    const FileDescriptor file(
        openat(folder.get(), temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
    if (file.get() < 0) return failure("create");
    // One that a crash left behind may have other rights.
    if (mode == 0600 && fchmod(file.get(), mode) != 0) status = failure("set the rights of");
    if (status.ok()) status = WriteAndSync(file.get(), content, path.string());
  }
  if (status.ok() && renameat(folder.get(), temporary.c_str(), folder.get(), name.c_str()) != 0) {
    status = failure("replace");
  }
  if (!status.ok()) {
    unlinkat(folder.get(), temporary.c_str(), 0);
    return status;
  }
  return fsync(folder.get()) == 0 ? absl::OkStatus() : failure("flush the folder of");
}

}  // namespace

absl::Status ErrnoStatus(int error, const std::string& what) {
  const std::string message = absl::StrFormat("%s: %s", what, strerror(error));
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return absl::NotFoundError(message);
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::PermissionDeniedError(message);
    case ENOSPC:
    case EDQUOT:
      return absl::ResourceExhaustedError(message);
    case EISDIR:
    case ENAMETOOLONG:
      return absl::InvalidArgumentError(message);
    default:
      return absl::InternalError(message);
  }
}

absl::StatusOr<std::string> ReadFile(const fs::path& path) {
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return ErrnoStatus(errno, "cannot open " + path.string());
  std::string content;
  char buffer[1 << 16];
  while (true) {
    const ssize_t got = read(file.get(), buffer, sizeof(buffer));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EIO) {
      return absl::DataLossError(
          absl::StrFormat("cannot read %s: %s", path.string(), strerror(EIO)));
    }
    if (got < 0) return ErrnoStatus(errno, "cannot read " + path.string());
    if (got == 0) return content;
    content.append(buffer, static_cast<size_t>(got));
  }
}

absl::Status WriteFileAtomically(const fs::path& path, std::string_view content) {
  return WriteAtomically(path, content, 0644);
}

absl::Status WritePrivateFile(const fs::path& path, std::string_view content) {
  return WriteAtomically(path, content, 0600);
}

absl::Status SyncPath(const fs::path& path) {
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return ErrnoStatus(errno, "cannot open " + path.string());
  if (fsync(file.get()) != 0) return ErrnoStatus(errno, "cannot flush " + path.string());
  return absl::OkStatus();
}

absl::Status MakeDirectories(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return ErrnoStatus(error.value(), "cannot create folder " + path.string());
  return absl::OkStatus();
}

absl::Status RemoveTree(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error && error.value() != ENOENT) {
    return ErrnoStatus(error.value(), "cannot remove " + path.string());
  }
  return absl::OkStatus();
}

absl::Status Rename(const fs::path& from, const fs::path& to) {
  if (rename(from.c_str(), to.c_str()) != 0) {
    return ErrnoStatus(errno,
                       absl::StrFormat("cannot rename %s to %s", from.string(), to.string()));
  }
  return SyncPath(FolderOf(to));
}

absl::Status RenameToNew(const fs::path& from, const fs::path& to) {
  // A second name first: unlike a rename it never takes the place of another file.
  if (link(from.c_str(), to.c_str()) != 0) {
    if (errno == EEXIST) return absl::AlreadyExistsError(to.string() + " is there already");
    return ErrnoStatus(errno, absl::StrFormat("cannot name %s %s", from.string(), to.string()));
  }
  unlink(from.c_str());
  return SyncPath(FolderOf(to));
}

absl::StatusOr<DiskSpace> FreeSpace(const fs::path& path) {
  struct statvfs found {};
  if (statvfs(path.c_str(), &found) != 0) {
    return ErrnoStatus(errno, "cannot ask for the free space of " + path.string());
  }
  struct stat file {};
  if (stat(path.c_str(), &file) != 0) return ErrnoStatus(errno, "cannot stat " + path.string());
  const auto block = static_cast<int64_t>(found.f_frsize);
  return DiskSpace{static_cast<int64_t>(found.f_bavail) * block,
                   static_cast<int64_t>(found.f_blocks) * block, file.st_dev};
}

absl::StatusOr<int64_t> FileSize(const fs::path& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (error) return ErrnoStatus(error.value(), "cannot stat " + path.string());
  return static_cast<int64_t>(size);
}

}  // namespace stereofarm
