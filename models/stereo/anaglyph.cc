#include "models/stereo/anaglyph.h"

#include <algorithm>

#include "common/base/log.h"

namespace stereofarm {
namespace {

// Rows: red, green, blue of the anaglyph; columns: red, green, blue of the eye.
constexpr float kLeft[3][3] = {{0.4561f, 0.500484f, 0.176381f},
                               {-0.0400822f, -0.0378246f, -0.0157589f},
                               {-0.0152161f, -0.0205971f, -0.00546856f}};
constexpr float kRight[3][3] = {{-0.0434706f, -0.0879388f, -0.00155529f},
                                {0.378476f, 0.73364f, -0.0184503f},
                                {-0.0721527f, -0.112961f, 1.2264f}};

}  // namespace

void DuboisAnaglyph(const Image& left, const Image& right, Image* out) {
  SF_CHECK(left.SameSize(right) && left.channels() >= 3 && right.channels() >= 3);
  Image result(left.width(), left.height(), 3);
  for (int c = 0; c < 3; ++c) {
    const float* l = kLeft[c];
    const float* r = kRight[c];
    for (int y = 0; y < left.height(); ++y) {
      const float *lr = left.Row(0, y), *lg = left.Row(1, y), *lb = left.Row(2, y);
      const float *rr = right.Row(0, y), *rg = right.Row(1, y), *rb = right.Row(2, y);
      float* row = result.Row(c, y);
      for (int x = 0; x < left.width(); ++x) {
        const float value =
            l[0] * lr[x] + l[1] * lg[x] + l[2] * lb[x] + r[0] * rr[x] + r[1] * rg[x] + r[2] * rb[x];
        row[x] = std::min(std::max(value, 0.0f), 1.0f);
      }
    }
  }
  *out = std::move(result);
}

}  // namespace stereofarm
