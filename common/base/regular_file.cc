#include "common/base/regular_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"

namespace stereofarm {

absl::StatusOr<std::unique_ptr<RegularFile>> RegularFile::Open(const std::filesystem::path& path,
                                                               bool follow_link) {
  const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | (follow_link ? 0 : O_NOFOLLOW);
  const int fd = open(path.c_str(), flags);
  if (fd < 0) {
    if (errno == ELOOP) {
      return absl::InvalidArgumentError(absl::StrFormat("%s is a link", path.string()));
    }
    return ErrnoStatus(errno, "cannot open " + path.string());
  }
  struct stat facts {};
  const bool known = fstat(fd, &facts) == 0;
  const int error = errno;
  std::unique_ptr<RegularFile> file(new RegularFile(fd, known ? facts.st_size : 0, path));
  if (!known) return ErrnoStatus(error, "cannot stat " + path.string());
  if (!S_ISREG(facts.st_mode)) {
    return absl::InvalidArgumentError(absl::StrFormat("%s is not a file", path.string()));
  }
  return file;
}

RegularFile::~RegularFile() { close(fd_); }

absl::StatusOr<size_t> RegularFile::ReadAt(int64_t offset, char* to, size_t count) {
  while (true) {
    const ssize_t got = pread(fd_, to, count, offset);
    if (got >= 0) return static_cast<size_t>(got);
    if (errno == EINTR) continue;
    if (errno == EIO) {
      return absl::DataLossError(absl::StrFormat("cannot read %s: the disk fails", path_.string()));
    }
    return ErrnoStatus(errno, "cannot read " + path_.string());
  }
}

}  // namespace stereofarm
