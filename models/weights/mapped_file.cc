#include "models/weights/mapped_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"

namespace stereofarm {

absl::StatusOr<MappedFile> MappedFile::Open(const std::filesystem::path& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return ErrnoStatus(errno, "cannot open " + path.string());
  struct stat facts {};
  int error = fstat(fd, &facts) == 0 ? 0 : errno;
  const bool regular = error == 0 && S_ISREG(facts.st_mode);
  void* start = nullptr;
  const size_t size = regular ? static_cast<size_t>(facts.st_size) : 0;
  if (size > 0) {
    start = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (start == MAP_FAILED) error = errno;
  }
  close(fd);
  if (error != 0) return ErrnoStatus(error, "cannot read " + path.string());
  if (!regular)
    return absl::InvalidArgumentError(absl::StrFormat("%s is not a file", path.string()));
  return MappedFile({static_cast<const std::byte*>(start), size});
}

MappedFile::MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

}  // namespace stereofarm
