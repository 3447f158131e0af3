#ifndef STEREOFARM_COMMON_BASE_HASH_H_
#define STEREOFARM_COMMON_BASE_HASH_H_

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/status.h"

namespace stereofarm {

// SHA-256 (FIPS 180-4) over a stream of bytes; the farm's only hash.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  void Update(const void* data, size_t size);
  void Update(std::string_view bytes) { Update(bytes.data(), bytes.size()); }
  // 64 lower-case hexadecimal digits. The object can't be used afterwards.
  std::string Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string Sha256Hex(std::string_view bytes);

// A file's length in bytes, and the hash of all of them.
struct FileDigest {
  int64_t size = 0;
  std::string sha256;
};
// NotFound, DataLoss (the disk fails) or InvalidArgument (no regular file) name the file.
absl::StatusOr<FileDigest> DigestOfFile(const std::filesystem::path& path);
absl::StatusOr<std::string> Sha256OfFile(const std::filesystem::path& path);

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_BASE_HASH_H_
