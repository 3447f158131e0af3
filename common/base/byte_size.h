#ifndef STEREOFARM_COMMON_BASE_BYTE_SIZE_H_
#define STEREOFARM_COMMON_BASE_BYTE_SIZE_H_

#include <cstdint>
#include <string>

#include "common/base/status.h"

namespace stereofarm {

// "3.4 MB", for people.
std::string BytesText(int64_t bytes);

// "0", "500M", "2G", "1.5T" as bytes, in powers of 1000. InvalidArgument for anything else and for
// more than a thousand T.
absl::StatusOr<int64_t> ParseBytes(const std::string& text);

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_BASE_BYTE_SIZE_H_
