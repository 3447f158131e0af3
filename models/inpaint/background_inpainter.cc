#include "models/inpaint/background_inpainter.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "common/image/half.h"
#include "models/inpaint/empty_rows.h"
#include "models/inpaint/hole_runs.h"
#include "models/inpaint/target.h"
#include "models/stereo/float8.h"

namespace stereofarm {
namespace {

constexpr float kTol = 1.5f, kReach = 1.6f, kC = 1.0f;

struct Span {
  int16_t left = -1;   // nearest known column to the left, -1: none
  int16_t right = -1;  // to the right
};

class Filler {
 public:
  Filler(const WarpedFrame& target, Image* rgb)
      : rgba_(target.rgba),
        displacement_(target.displacement),
        sign_(target.nearer_is_larger ? 1.0f : -1.0f),
        rgb_(rgb),
        runs_(static_cast<size_t>(rgba_.height())),
        empty_(static_cast<size_t>(rgba_.height())) {
    for (int y = 0; y < rgba_.height(); ++y) {
      auto& runs = runs_[static_cast<size_t>(y)];
      FindHoleRuns(rgba_.Row(3, y), rgba_.width(), &runs);
      if (!runs.empty() && runs[0].begin == 0 && runs[0].end == rgba_.width())
        empty_[static_cast<size_t>(y)] = true;
    }
  }
  void Run() {
    for (int y = 0; y < rgba_.height(); ++y) {
      if (empty_[static_cast<size_t>(y)]) continue;
      for (const HoleRun& run : runs_[static_cast<size_t>(y)]) FillRun(y, run);
    }
    FillEmptyRows(empty_, rgb_);
  }

 private:
  void FillRun(int y, HoleRun run) {
    const int w = rgba_.width();
    const float* d = displacement_.Row(0, y);
    const bool hl = run.begin > 0, hr = run.end < w;
    float l = hl ? sign_ * d[run.begin - 1] : 1e30f, r = hr ? sign_ * d[run.end] : 1e30f;
    const float limit = std::min(l, r) + kTol;
    const bool left = l <= limit, right = r <= limit;
    for (int x = run.begin; x < run.end; ++x) {
      int reach = w;
      if (left) reach = std::min(reach, x - run.begin + 1);
      if (right) reach = std::min(reach, run.end - x);
      FillPixel(x, y, limit, left, right, reach);
    }
  }
  void FillPixel(int x, int y, float limit, bool left, bool right, int reach) {
    sum_[0] = sum_[1] = sum_[2] = sum_[3] = Float8{};
    const int radius = static_cast<int>(std::ceil(kReach * reach)) + 2;
    const int y0 = std::max(0, y - radius), y1 = std::min(rgba_.height() - 1, y + radius);
    for (int v = y0; v <= y1; ++v) {
      const int dy = v - y;
      const int half = static_cast<int>(std::sqrt(float(radius * radius - dy * dy)));
      int b = std::max(0, x - half), e = std::min(rgba_.width(), x + half + 1);
      const auto& runs = runs_[static_cast<size_t>(v)];
      auto it = std::upper_bound(runs.begin(), runs.end(), x,
                                 [](int c, const HoleRun& q) { return c < q.end; });
      if (it != runs.end() && it->begin <= x) {
        if (left) Add(v, b, std::min(it->begin, e), x, y, limit);
        if (right) Add(v, std::max(it->end, b), e, x, y, limit);
      } else {
        Add(v, b, e, x, y, limit);
      }
    }
    float t[4];
    for (int c = 0; c < 4; ++c) {
      const Float8 s = sum_[c];
      t[c] = ((s[0] + s[4]) + (s[1] + s[5])) + ((s[2] + s[6]) + (s[3] + s[7]));
    }
    for (int c = 0; c < 3; ++c) rgb_->Row(c, y)[x] = t[c] / t[3];
  }
  void Add(int v, int b, int e, int x, int y, float limit) {
    const float dy = static_cast<float>(v - y);
    const float base = dy * dy + kC;
    const float* d = displacement_.Row(0, v);
    const float* a = rgba_.Row(3, v);
    const float *r = rgba_.Row(0, v), *g = rgba_.Row(1, v), *bl = rgba_.Row(2, v);
    for (int u = b; u < e; u += 8) {
      const Float8 dx = static_cast<float>(u - x) + kLanes;
      const Float8 q = dx * dx + base;
      const Int8 ok = (Load8(a + u) > Splat8(0.0f)) & (sign_ * Load8(d + u) <= Splat8(limit)) &
                      (dx < Splat8(static_cast<float>(e - x)));
      const Float8 wt = Keep8(ok, 1.0f / (q * q * q));
      sum_[0] += wt * Load8(r + u);
      sum_[1] += wt * Load8(g + u);
      sum_[2] += wt * Load8(bl + u);
      sum_[3] += wt;
    }
  }

  const Image& rgba_;
  const Image& displacement_;
  float sign_;
  Image* rgb_;
  std::vector<std::vector<HoleRun>> runs_;
  std::vector<bool> empty_;
  Float8 sum_[4];
};

}  // namespace

absl::StatusOr<Image> BackgroundInpainter::Fill(const InpaintInput& input) {
  SF_RETURN_IF_ERROR(CheckTarget(input.target));
  Image rgb = CopyColour(input.target->rgba);
  Filler(*input.target, &rgb).Run();
  QuantizeToHalf(rgb);
  return rgb;
}

}  // namespace stereofarm
