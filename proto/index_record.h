#ifndef STEREOFARM_PROTO_INDEX_RECORD_H_
#define STEREOFARM_PROTO_INDEX_RECORD_H_

#include <filesystem>

#include "common/media/frame_index.h"

namespace stereofarm {

// A job's index.pb, which the coordinator writes once and every worker reads. About 40 bytes a
// frame.
absl::Status WriteFrameIndex(const std::filesystem::path& file, const FrameIndex& index);
// NotFound; DataLoss when it isn't what WriteFrameIndex wrote.
absl::StatusOr<FrameIndex> ReadFrameIndex(const std::filesystem::path& file);

}  // namespace stereofarm

#endif  // STEREOFARM_PROTO_INDEX_RECORD_H_
