#ifndef STEREOFARM_COMMON_BASE_REGULAR_FILE_H_
#define STEREOFARM_COMMON_BASE_REGULAR_FILE_H_

#include <cstdint>
#include <filesystem>
#include <memory>

#include "common/base/byte_source.h"
#include "common/base/status.h"

namespace stereofarm {

// A file on this machine, open for reading from anywhere in it. Keeps reading the file that was
// opened when another takes its name.
class RegularFile : public ByteSource {
 public:
  // NotFound, PermissionDenied; InvalidArgument when it is no regular file (a pipe isn't waited
  // for). A link as the last part of the path is followed unless `follow_link` is false, then it's
  // InvalidArgument too.
  static absl::StatusOr<std::unique_ptr<RegularFile>> Open(const std::filesystem::path& path,
                                                           bool follow_link = true);
  ~RegularFile() override;
  RegularFile(const RegularFile&) = delete;
  RegularFile& operator=(const RegularFile&) = delete;

  // When it was opened.
  int64_t size() const override { return size_; }
  absl::StatusOr<size_t> ReadAt(int64_t offset, char* to, size_t count) override;

 private:
  RegularFile(int fd, int64_t size, std::filesystem::path path)
      : fd_(fd), size_(size), path_(std::move(path)) {}

  const int fd_;
  const int64_t size_;
  const std::filesystem::path path_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_BASE_REGULAR_FILE_H_
