#ifndef STEREOFARM_COORDINATOR_CLI_FRAME_TIME_H_
#define STEREOFARM_COORDINATOR_CLI_FRAME_TIME_H_

#include <cstdint>
#include <string>
#include <variant>

#include "common/base/status.h"
#include "common/media/frame_index.h"

namespace stereofarm {

// A point of a film as people name it: seconds from its first frame, or a frame's number.
using FrameTime = std::variant<double, int64_t>;

// "SECONDS", "M:S", "H:M:S", each with or without a fraction of a second, or "Nf". InvalidArgument
// names --at.
absl::StatusOr<FrameTime> ParseFrameTime(const std::string& text);

// The frame that is shown at that time. InvalidArgument when the film has ended before.
absl::StatusOr<int64_t> FrameAt(const FrameIndex& index, const FrameTime& time);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_CLI_FRAME_TIME_H_
