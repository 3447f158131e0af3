#include "models/inpaint/background_fill.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "models/inpaint/empty_rows.h"
#include "models/inpaint/hole_runs.h"
#include "models/inpaint/hole_sides.h"
#include "models/stereo/float8.h"

namespace stereofarm {
namespace {

// A pixel looks this many times as far as its nearest background in the row, and two pixels more.
constexpr float kReach = 1.25f;
// Rows that a pixel looks at, to either side; with more within reach it skips some.
constexpr int kRows = 10;
// Keeps the nearest pixel from counting alone, pixels squared.
constexpr float kSoftness = 2.0f;

class Filler {
 public:
  Filler(WarpedFrame* target, Image* variance)
      : target_(*target),
        rgba_(target->rgba),
        displacement_(target->displacement),
        variance_(variance),
        runs_(static_cast<size_t>(rgba_.height())),
        cursors_(runs_.size(), 0) {}

  void Run() {
    const int height = rgba_.height();
    std::vector<bool> empty(runs_.size(), false);
    for (int y = 0; y < height; ++y) {
      std::vector<HoleRun>& runs = runs_[static_cast<size_t>(y)];
      FindHoleRuns(rgba_.Row(3, y), rgba_.width(), &runs);
      if (!runs.empty() && runs[0].begin == 0 && runs[0].end == rgba_.width()) {
        empty[static_cast<size_t>(y)] = true;
        if (variance_ != nullptr) std::fill_n(variance_->Row(0, y), rgba_.width(), 0.0f);
      }
    }
    for (int y = 0; y < height; ++y) {
      if (empty[static_cast<size_t>(y)]) continue;
      for (const HoleRun run : runs_[static_cast<size_t>(y)]) FillRun(y, run);
    }
    FillEmptyRows(empty, &rgba_);
    FillEmptyRows(empty, &displacement_);
  }

 private:
  struct Sums {
    Float8 weight = {}, red = {}, green = {}, blue = {}, moved = {}, squares = {};
  };

  void FillRun(int y, HoleRun run) {
    const HoleSides sides = FindHoleSides(target_, y, run);
    for (int x = run.begin; x < run.end; ++x) {
      int distance = rgba_.width();
      if (sides.left) distance = std::min(distance, x - run.begin + 1);
      if (sides.right) distance = std::min(distance, run.end - x);
      FillPixel(x, y, sides, distance);
    }
  }

  // `distance`: to the nearest background in the row.
  void FillPixel(int x, int y, const HoleSides& sides, int distance) {
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
        Add(v, begin, end, x, dy, sides, &sums);
      } else {
        if (sides.left) Add(v, begin, std::min(hole.begin, end), x, dy, sides, &sums);
        if (sides.right) Add(v, std::max(hole.end, begin), end, x, dy, sides, &sums);
      }
    }
    const float scale = 1.0f / Sum(sums.weight);
    rgba_.Row(0, y)[x] = Sum(sums.red) * scale;
    rgba_.Row(1, y)[x] = Sum(sums.green) * scale;
    rgba_.Row(2, y)[x] = Sum(sums.blue) * scale;
    displacement_.Row(0, y)[x] = Sum(sums.moved) * scale;
    if (variance_ == nullptr) return;
    float spread = Sum(sums.squares) * scale;
    for (int c = 0; c < 3; ++c) spread -= rgba_.Row(c, y)[x] * rgba_.Row(c, y)[x];
    variance_->Row(0, y)[x] = std::max(0.0f, spread / 3);
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
  void Add(int v, int begin, int end, int x, int dy, const HoleSides& sides, Sums* sums) const {
    const float across = static_cast<float>(dy) * static_cast<float>(dy) + kSoftness;
    const float *red = rgba_.Row(0, v), *green = rgba_.Row(1, v), *blue = rgba_.Row(2, v);
    const float *alpha = rgba_.Row(3, v), *displacement = displacement_.Row(0, v);
    const Float8 first = Splat8(static_cast<float>(begin - x));
    const Float8 last = Splat8(static_cast<float>(end - x));
    for (int u = begin / 8 * 8; u < end; u += 8) {
      const Float8 dx = static_cast<float>(u - x) + kLanes;
      const Float8 q = dx * dx + across;
      const Float8 moved = Load8(displacement + u);
      const Int8 background = (Load8(alpha + u) > Splat8(0.0f)) &
                              (sides.sign * moved <= Splat8(sides.limit)) & (dx >= first) &
                              (dx < last);
      const Float8 weight = Keep8(background, 1.0f / (q * q * q));
      sums->weight += weight;
      const Float8 r = Load8(red + u), g = Load8(green + u), b = Load8(blue + u);
      sums->red += Keep8(background, weight * r);
      sums->green += Keep8(background, weight * g);
      sums->blue += Keep8(background, weight * b);
      sums->squares += Keep8(background, weight * (r * r + g * g + b * b));
      sums->moved += Keep8(background, weight * moved);
    }
  }

  static float Sum(Float8 v) {
    return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]));
  }

  // Of holes, colours and displacement are only written; alpha says which they are.
  WarpedFrame& target_;
  Image& rgba_;
  Image& displacement_;
  Image* variance_;                         // may be null
  std::vector<std::vector<HoleRun>> runs_;  // of each row
  std::vector<int> cursors_;                // of each row: the run HoleAt found last
};

}  // namespace

void FillFromBackground(WarpedFrame* frame, Image* variance) { Filler(frame, variance).Run(); }

}  // namespace stereofarm
