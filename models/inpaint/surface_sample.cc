#include "models/inpaint/surface_sample.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace stereofarm {
namespace {

// Catmull and Rom's cubic.
std::array<float, 4> CubicWeights(float t) {
  return {((-0.5f * t + 1.0f) * t - 0.5f) * t, (1.5f * t - 2.5f) * t * t + 1.0f,
          ((-1.5f * t + 2.0f) * t + 0.5f) * t, (0.5f * t - 0.5f) * t * t};
}

}  // namespace

Float4 SampleSurface(const KeptFrame& frame, float x, float y, float source_d, float tolerance) {
  const int x0 = std::clamp(static_cast<int>(std::floor(x)), 0, frame.width() - 1);
  const int y0 = std::clamp(static_cast<int>(std::floor(y)), 0, frame.height() - 1);
  const float fx = std::clamp(x - static_cast<float>(x0), 0.0f, 1.0f);
  const float fy = std::clamp(y - static_cast<float>(y0), 0.0f, 1.0f);
  if (x0 >= 1 && y0 >= 1 && x0 + 2 < frame.width() && y0 + 2 < frame.height()) {
    const std::array<float, 4> wx = CubicWeights(fx), wy = CubicWeights(fy);
    Float4 sum = {};
    bool inside = true;
    for (int j = 0; j < 4; ++j) {
      Float4 row = {};
      for (int i = 0; i < 4; ++i) {
        const Float4 pixel = frame.Pixel(x0 - 1 + i, y0 - 1 + j);
        inside &= std::abs(pixel[3] - source_d) < tolerance;
        row += wx[static_cast<size_t>(i)] * pixel;
      }
      sum += wy[static_cast<size_t>(j)] * row;
    }
    if (inside) return sum;
  }
  Float4 sum = {};
  float total = 0;
  for (int j = 0; j < 2; ++j) {
    for (int i = 0; i < 2; ++i) {
      const Float4 pixel =
          frame.Pixel(std::min(x0 + i, frame.width() - 1), std::min(y0 + j, frame.height() - 1));
      const bool belongs = std::abs(pixel[3] - source_d) < tolerance;
      const float weight = belongs ? (i == 0 ? 1 - fx : fx) * (j == 0 ? 1 - fy : fy) + 1e-3f : 0;
      sum += belongs ? weight * pixel : Float4{};
      total += weight;
    }
  }
  return total > 0 ? sum / total : frame.Pixel(x0, y0);
}

}  // namespace stereofarm
