#ifndef STEREOFARM_COMMON_ARTIFACTS_FILE_FINGERPRINT_H_
#define STEREOFARM_COMMON_ARTIFACTS_FILE_FINGERPRINT_H_

#include <cstdint>
#include <string>

#include "common/base/byte_source.h"
#include "common/base/status.h"

namespace stereofarm {

// What shows that files on two machines are the same one: the size, and the SHA-256 over the size
// and pieces of the content spread over the file from its first byte to its last. Quick for films
// of any length; small files are read whole.
struct FileFingerprint {
  int64_t size = 0;
  std::string sha256;
  bool operator==(const FileFingerprint&) const = default;
};

absl::StatusOr<FileFingerprint> FingerprintOf(ByteSource* file);

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_ARTIFACTS_FILE_FINGERPRINT_H_
