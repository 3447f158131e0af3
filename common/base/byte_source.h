#ifndef STEREOFARM_COMMON_BASE_BYTE_SOURCE_H_
#define STEREOFARM_COMMON_BASE_BYTE_SOURCE_H_

#include <cstddef>
#include <cstdint>

#include "common/base/status.h"

namespace stereofarm {

// A file's bytes, wherever they are. Thread-safe.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Bytes in all; doesn't change.
  virtual int64_t size() const = 0;
  // Up to `count` bytes from `offset` on, 0 only at the end (or when count is 0). What fails may
  // be asked again.
  virtual absl::StatusOr<size_t> ReadAt(int64_t offset, char* to, size_t count) = 0;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_BASE_BYTE_SOURCE_H_
