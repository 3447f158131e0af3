#ifndef STEREOFARM_COMMON_MEDIA_FRAME_INDEX_IO_H_
#define STEREOFARM_COMMON_MEDIA_FRAME_INDEX_IO_H_

#include <string>
#include <string_view>

#include "common/base/status.h"
#include "common/media/frame_index.h"

namespace stereofarm {

// A frame index as bytes, the same on every machine: a version, little-endian fields, numbers as
// differences of variable length, a SHA-256 over all of it at the end.
std::string SerializeFrameIndex(const FrameIndex& index);

// DataLoss when the bytes aren't whole, InvalidArgument when a newer version wrote them.
absl::StatusOr<FrameIndex> ParseFrameIndex(std::string_view bytes);

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_MEDIA_FRAME_INDEX_IO_H_
