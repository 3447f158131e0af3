#include "models/inpaint/hole_sides.h"

#include <algorithm>
#include <limits>

namespace stereofarm {

HoleSides FindHoleSides(const WarpedFrame& frame, int y, HoleRun run) {
  constexpr float kNone = std::numeric_limits<float>::infinity();
  const int width = frame.rgba.width();
  const float* displacement = frame.displacement.Row(0, y);
  HoleSides sides{.sign = frame.nearer_is_larger ? 1.0f : -1.0f};
  const float left = run.begin > 0 ? sides.sign * displacement[run.begin - 1] : kNone;
  const float right = run.end < width ? sides.sign * displacement[run.end] : kNone;
  sides.limit = std::min(left, right) + static_cast<float>(width) / 960.0f;
  sides.left = left <= sides.limit;
  sides.right = right <= sides.limit;
  return sides;
}

}  // namespace stereofarm
