#include "models/inpaint/background_inpainter.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "common/image/half.h"
#include "models/inpaint/empty_rows.h"
#include "models/inpaint/hole_runs.h"
#include "models/inpaint/target.h"
#include "models/stereo/float8.h"

namespace stereofarm {
namespace {

// Background may be this much nearer than the farther end of a hole: pixels at a width of 960.
constexpr float kTolerance = 1.0f;
// A pixel looks this many times as far as its nearest background in the row, and two pixels more.
constexpr float kReach = 1.25f;
// Rows that a pixel looks at, to either side; with more within reach it skips some.
constexpr int kRows = 10;
// Keeps the nearest pixel from counting alone, pixels squared.
constexpr float kSoftness = 2.0f;

class Filler {
 public:
  Filler(const WarpedFrame& target, Image* rgb)
      : rgba_(target.rgba),
        displacement_(target.displacement),
        rgb_(rgb),
        sign_(target.nearer_is_larger ? 1.0f : -1.0f),
        tolerance_(kTolerance * static_cast<float>(rgba_.width()) / 960.0f),
        runs_(static_cast<size_t>(rgba_.height())),
        cursors_(runs_.size(), 0) {
    for (int y = 0; y < rgba_.height(); ++y) {
      FindHoleRuns(rgba_.Row(3, y), rgba_.width(), &runs_[static_cast<size_t>(y)]);
    }
  }

  void Run() {
    std::vector<bool> empty(runs_.size(), false);
    for (int y = 0; y < rgba_.height(); ++y) {
      for (const HoleRun run : runs_[static_cast<size_t>(y)]) {
        if (run.begin == 0 && run.end == rgba_.width()) {
          empty[static_cast<size_t>(y)] = true;
        } else {
          FillRun(y, run);
        }
      }
    }
    FillEmptyRows(empty, rgb_);
  }

 private:
  struct Sums {
    Float8 weight = {}, red = {}, green = {}, blue = {};
  };

  void FillRun(int y, HoleRun run) {
    const float* displacement = displacement_.Row(0, y);
    constexpr float kNone = std::numeric_limits<float>::infinity();
    const float left = run.begin > 0 ? sign_ * displacement[run.begin - 1] : kNone;
    const float right = run.end < rgba_.width() ? sign_ * displacement[run.end] : kNone;
    const float limit = std::min(left, right) + tolerance_;
    for (int x = run.begin; x < run.end; ++x) {
      int distance = rgba_.width();
      if (left <= limit) distance = std::min(distance, x - run.begin + 1);
      if (right <= limit) distance = std::min(distance, run.end - x);
      FillPixel(x, y, limit, left <= limit, right <= limit, distance);
    }
  }

  void FillPixel(int x, int y, float limit, bool from_left, bool from_right, int distance) {
    const int reach = static_cast<int>(kReach * static_cast<float>(distance)) + 2;
    const int step = 1 + (reach - 1) / kRows;
    Sums sums;
    for (int dy = -reach / step * step; dy <= reach; dy += step) {
      const int v = y + dy;
      if (v < 0 || v >= rgba_.height()) continue;
      const int half = static_cast<int>(std::sqrt(static_cast<float>(reach * reach - dy * dy)));
      const int begin = std::max(0, x - half), end = std::min(rgba_.width(), x + half + 1);
      const HoleRun hole = HoleAt(x, v);
      if (hole.begin == hole.end) {
        Add(v, begin, end, x, dy, limit, &sums);
      } else {
        if (from_left) Add(v, begin, std::min(hole.begin, end), x, dy, limit, &sums);
        if (from_right) Add(v, std::max(hole.end, begin), end, x, dy, limit, &sums);
      }
    }
    const float scale = 1.0f / Sum(sums.weight);
    rgb_->Row(0, y)[x] = Sum(sums.red) * scale;
    rgb_->Row(1, y)[x] = Sum(sums.green) * scale;
    rgb_->Row(2, y)[x] = Sum(sums.blue) * scale;
  }

  // The hole that x lies in, or an empty run.
  HoleRun HoleAt(int x, int y) {
    const std::vector<HoleRun>& runs = runs_[static_cast<size_t>(y)];
    const int count = static_cast<int>(runs.size());
    int& cursor = cursors_[static_cast<size_t>(y)];
    while (cursor < count && runs[static_cast<size_t>(cursor)].end <= x) ++cursor;
    while (cursor > 0 && runs[static_cast<size_t>(cursor - 1)].end > x) --cursor;
    if (cursor == count || runs[static_cast<size_t>(cursor)].begin > x) return {};
    return runs[static_cast<size_t>(cursor)];
  }

  // The background among pixels begin .. end - 1 of row v. Lanes beyond them stay inside the row's
  // stride and count for nothing, whatever they hold.
  void Add(int v, int begin, int end, int x, int dy, float limit, Sums* sums) const {
    const float across = static_cast<float>(dy) * static_cast<float>(dy) + kSoftness;
    const float *red = rgba_.Row(0, v), *green = rgba_.Row(1, v), *blue = rgba_.Row(2, v);
    const float *alpha = rgba_.Row(3, v), *displacement = displacement_.Row(0, v);
    const Float8 first = Splat8(static_cast<float>(begin - x));
    const Float8 last = Splat8(static_cast<float>(end - x));
    for (int u = begin / 8 * 8; u < end; u += 8) {
      const Float8 dx = static_cast<float>(u - x) + kLanes;
      const Float8 q = dx * dx + across;
      const Int8 background = (Load8(alpha + u) > Splat8(0.0f)) &
                              (sign_ * Load8(displacement + u) <= Splat8(limit)) & (dx >= first) &
                              (dx < last);
      const Float8 weight = Keep8(background, 1.0f / (q * q * q));
      sums->weight += weight;
      sums->red += Keep8(background, weight * Load8(red + u));
      sums->green += Keep8(background, weight * Load8(green + u));
      sums->blue += Keep8(background, weight * Load8(blue + u));
    }
  }

  static float Sum(Float8 v) {
    return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]));
  }

  const Image& rgba_;
  const Image& displacement_;
  Image* rgb_;
  float sign_;
  float tolerance_;
  std::vector<std::vector<HoleRun>> runs_;  // of each row
  std::vector<int> cursors_;                // of each row: the run HoleAt found last
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
