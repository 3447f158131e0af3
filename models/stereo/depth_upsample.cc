#include "models/stereo/depth_upsample.h"

#include <algorithm>
#include <cmath>

namespace stereofarm {

Image UpsampleDepth(const Image& depth, const Image& guide) {
  if (depth.SameSize(guide)) return depth.Clone();
  Image result(guide.width(), guide.height(), 1);
  const int w = depth.width(), h = depth.height();
  for (int y = 0; y < guide.height(); ++y) {
    const float sy = (static_cast<float>(y) + 0.5f) * static_cast<float>(h) /
                         static_cast<float>(guide.height()) -
                     0.5f;
    const float fy = sy - std::floor(sy);
    const float* above = depth.Row(0, std::max(0, static_cast<int>(std::floor(sy))));
    const float* below = depth.Row(0, std::min(h - 1, static_cast<int>(std::floor(sy)) + 1));
    for (int x = 0; x < guide.width(); ++x) {
      const float sx = (static_cast<float>(x) + 0.5f) * static_cast<float>(w) /
                           static_cast<float>(guide.width()) -
                       0.5f;
      const float fx = sx - std::floor(sx);
      const int left = std::max(0, static_cast<int>(std::floor(sx)));
      const int right = std::min(w - 1, static_cast<int>(std::floor(sx)) + 1);
      result.Row(0, y)[x] = (1 - fy) * ((1 - fx) * above[left] + fx * above[right]) +
                            fy * ((1 - fx) * below[left] + fx * below[right]);
    }
  }
  return result;
}

}  // namespace stereofarm
