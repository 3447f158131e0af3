#ifndef STEREOFARM_MODELS_WEIGHTS_MAPPED_FILE_H_
#define STEREOFARM_MODELS_WEIGHTS_MAPPED_FILE_H_

#include <cstddef>
#include <filesystem>
#include <span>

#include "common/base/status.h"

namespace stereofarm {

// A file's bytes in memory, read when they're touched. A file that is shortened meanwhile ends the
// process (SIGBUS), so files of the model folder are replaced by rename and never written to.
class MappedFile {
 public:
  // NotFound, PermissionDenied; InvalidArgument when it is no regular file (a pipe isn't waited
  // for). All name the file.
  static absl::StatusOr<MappedFile> Open(const std::filesystem::path& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&&) = delete;
  ~MappedFile();

  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  explicit MappedFile(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::span<const std::byte> bytes_;  // empty: nothing is mapped
};

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_WEIGHTS_MAPPED_FILE_H_
