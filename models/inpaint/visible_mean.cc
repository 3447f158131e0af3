#include "models/inpaint/visible_mean.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "models/inpaint/surface_sample.h"

namespace stereofarm {
namespace {

constexpr float kSameSurface = 0.5f;  // of displacement, pixels at a width of 960
constexpr float kWeight = 0.6f;       // of a neighbour that agrees; a pixel's own is 1
constexpr float kNoise = 0.1f;        // deviation of colour that counts as agreeing, code values

}  // namespace

void AverageVisible(const std::vector<SeenFrom>& neighbours, const WarpedFrame& warped,
                    Image* rgb) {
  const int width = rgb->width();
  const size_t size = static_cast<size_t>(width);
  const float same = kSameSurface * std::max(1.0f, static_cast<float>(width) / 960.0f);
  std::vector<float> x_there(size), y_there(size), d_there(size);
  std::vector<Float4> sums(size);  // the fourth: weight
  for (int y = 0; y < rgb->height(); ++y) {
    float *red = rgb->Row(0, y), *green = rgb->Row(1, y), *blue = rgb->Row(2, y);
    const float *alpha = warped.rgba.Row(3, y), *displacement = warped.displacement.Row(0, y);
    for (size_t x = 0; x < size; ++x) sums[x] = Float4{red[x], green[x], blue[x], 1};
    for (const SeenFrom& neighbour : neighbours) {
      const KeptFrame& frame = *neighbour.frame;
      const DisparityMotion back = neighbour.motion.Inverse();
      std::array<float, 16> m;
      for (size_t i = 0; i < 16; ++i) m[i] = static_cast<float>(back.rows()[i]);
      const float fy = static_cast<float>(y);
      for (int x = 0; x < width; ++x) {
        const float d = displacement[x], source = static_cast<float>(x) + d;
        const float scale = 1.0f / (m[8] * source + m[9] * fy + m[10] + m[11] * d);
        x_there[static_cast<size_t>(x)] = (m[0] * source + m[1] * fy + m[2] + m[3] * d) * scale;
        y_there[static_cast<size_t>(x)] = (m[4] * source + m[5] * fy + m[6] + m[7] * d) * scale;
        d_there[static_cast<size_t>(x)] = (m[12] * source + m[13] * fy + m[14] + m[15] * d) * scale;
      }
      const Exposure& exposure = neighbour.exposure;
      const Float4 gain = {exposure.gain[0], exposure.gain[1], exposure.gain[2], 0};
      const Float4 offset = {exposure.offset[0], exposure.offset[1], exposure.offset[2], 0};
      for (size_t x = 0; x < size; ++x) {
        if (alpha[x] == 0) continue;
        if (!(x_there[x] >= 0 && y_there[x] >= 0 &&
              x_there[x] <= static_cast<float>(frame.width() - 1) &&
              y_there[x] <= static_cast<float>(frame.height() - 1))) {
          continue;
        }
        const Float4 seen = SampleSurface(frame, x_there[x], y_there[x], d_there[x], same);
        if (!(std::abs(seen[3] - d_there[x]) < same)) continue;
        const Float4 colour = gain * seen + offset;
        const float dr = colour[0] - red[x], dg = colour[1] - green[x], db = colour[2] - blue[x];
        const float miss = (dr * dr + dg * dg + db * db) / 3;
        const float weight = kWeight * std::exp(-miss / (2 * kNoise * kNoise));
        sums[x] += weight * Float4{colour[0], colour[1], colour[2], 1};
      }
    }
    for (size_t x = 0; x < size; ++x) {
      const Float4 mean = sums[x] / sums[x][3];
      red[x] = mean[0];
      green[x] = mean[1];
      blue[x] = mean[2];
    }
  }
}

}  // namespace stereofarm
