#include "coordinator/transfer/arriving_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"

namespace stereofarm {
namespace fs = std::filesystem;

ArrivingFile::ArrivingFile(fs::path path, int64_t offset, int64_t size, std::string sha256)
    : path_(std::move(path)),
      part_(path_.string() + kPartSuffix),
      size_(size),
      sha256_(std::move(sha256)),
      at_(offset) {
  if (offset == 0) hash_.emplace();
}

ArrivingFile::~ArrivingFile() {
  if (fd_ >= 0) close(fd_);
}

absl::StatusOr<Arrival> ArrivingFile::At(const fs::path& path) {
  const absl::StatusOr<int64_t> whole = FileSize(path);
  if (whole.ok()) return Arrival{*whole, true};
  if (!absl::IsNotFound(whole.status())) return whole.status();
  const absl::StatusOr<int64_t> part = FileSize(path.string() + kPartSuffix);
  if (part.ok()) return Arrival{*part, false};
  if (!absl::IsNotFound(part.status())) return part.status();
  return Arrival{};
}

absl::StatusOr<std::unique_ptr<ArrivingFile>> ArrivingFile::Open(const fs::path& path,
                                                                 int64_t offset, int64_t size,
                                                                 const std::string& sha256) {
  if (offset < 0 || size < 0 || offset > size) {
    return absl::InvalidArgumentError(absl::StrFormat("a piece of %s begins at byte %d of %d",
                                                      path.filename().string(), offset, size));
  }
  SF_RETURN_IF_ERROR(MakeDirectories(path.parent_path()));
  std::unique_ptr<ArrivingFile> file(new ArrivingFile(path, offset, size, sha256));
  SF_RETURN_IF_ERROR(file->OpenPart());
  return file;
}

absl::Status ArrivingFile::OpenPart() {
  fd_ = open(part_.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (fd_ < 0) return ErrnoStatus(errno, "cannot create " + part_.string());
  if (flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    return absl::AbortedError(absl::StrFormat("%s is being written", part_.string()));
  }
  struct stat facts {};
  if (fstat(fd_, &facts) != 0) return ErrnoStatus(errno, "cannot stat " + part_.string());
  if (at_ == 0 && ftruncate(fd_, 0) != 0) {
    return ErrnoStatus(errno, "cannot write " + part_.string());
  }
  if (at_ != 0 && facts.st_size != at_) {
    return absl::OutOfRangeError(absl::StrFormat("%s has %d bytes, the piece begins at byte %d",
                                                 part_.string(), facts.st_size, at_));
  }
  if (lseek(fd_, at_, SEEK_SET) < 0) return ErrnoStatus(errno, "cannot write " + part_.string());
  return absl::OkStatus();
}

absl::Status ArrivingFile::Append(std::string_view data) {
  if (static_cast<int64_t>(data.size()) > size_ - at_) {
    return absl::InvalidArgumentError(absl::StrFormat("%s gets more than the %d bytes announced",
                                                      path_.filename().string(), size_));
  }
  if (hash_) hash_->Update(data);
  while (!data.empty()) {
    const ssize_t written = write(fd_, data.data(), data.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoStatus(errno, "cannot write " + part_.string());
    data.remove_prefix(static_cast<size_t>(written));
    at_ += written;
  }
  return absl::OkStatus();
}

absl::StatusOr<Arrival> ArrivingFile::Finish() {
  if (at_ < size_) return Arrival{at_, false};
  std::string found;
  if (hash_) {
    found = hash_->Finish();
    hash_.reset();
  } else {
    SF_ASSIGN_OR_RETURN(found, Sha256OfFile(part_));
  }
  if (found != sha256_) {
    unlink(part_.c_str());
    return absl::DataLossError(absl::StrFormat("%s arrived with other content than was announced",
                                               path_.filename().string()));
  }
  if (fsync(fd_) != 0) return ErrnoStatus(errno, "cannot flush " + part_.string());
  SF_RETURN_IF_ERROR(Rename(part_, path_));
  return Arrival{size_, true};
}

}  // namespace stereofarm
