#include "common/timeline/frame_range.h"

#include "absl/strings/str_format.h"

namespace stereofarm {

std::string RangeName(const FrameRange& range) {
  return absl::StrFormat("%06d-%06d", range.begin, range.end);
}

}  // namespace stereofarm
