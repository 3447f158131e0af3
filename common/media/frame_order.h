#ifndef STEREOFARM_COMMON_MEDIA_FRAME_ORDER_H_
#define STEREOFARM_COMMON_MEDIA_FRAME_ORDER_H_

#include <cstdint>
#include <vector>

#include "common/base/status.h"
#include "common/media/frame_index.h"

namespace stereofarm {

// What FrameOrder needs to know of a packet, in decode order.
struct OrderedPacket {
  int64_t pts = kNoTimestamp;
  int64_t dts = kNoTimestamp;
  int64_t duration = 0;
  bool visible = true;
  bool second_field = false;
  bool random_access = false;
  bool starts_sequence = false;
  bool is_b = false;
  bool has_order = false;
  int64_t order = 0;
};

// The frames that packets code, in presentation order, with strictly rising PTS and the packet
// where a decoder has to start for each. `nominal_duration`: of a frame, in the track's time base;
// used where packets carry no times. Pure.
std::vector<IndexedFrame> OrderFrames(const std::vector<OrderedPacket>& packets,
                                      int64_t nominal_duration);

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_MEDIA_FRAME_ORDER_H_
