#include "models/inpaint/seen_elsewhere.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "common/image/half.h"
#include "models/inpaint/surface_sample.h"

namespace stereofarm {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr int kCell = 8;
// Surfaces whose displacements differ by less are one surface, pixels at a width of 960.
constexpr float kTolerance = 1.0f;
// The source eye may see this much farther before a point can't be there, pixels at 960.
constexpr float kHidden = 0.75f;
// Of the pixels that reach a hole: less is the frayed edge of a surface.
constexpr float kEnoughWeight = 0.65f;

// What is made up misses by more than its surroundings vary: this many times the variance. Three
// would cost the rendered street 0.2 dB in its holes.
constexpr float kWorth = 10;
constexpr float kLeastVariance = 6e-5f;  // of the surroundings: 2 of 255, squared
// What is believed of the frames' answers before they're seen: this variance, with the weight of
// so many of them. A single answer is little believed where all around is even.
constexpr float kDoubtVariance = 0.01f;
constexpr float kDoubtWeight = 0.2f;

// How much of the frames' mean `seen` goes into a mixture with what is made up. `squares`: the sum
// of their `count` answers' squares.
float ShareOfSeen(Float4 seen, Float4 squares, float count, float made_up_variance) {
  const Float4 spread = squares - count * seen * seen;
  const float misses = std::max(0.0f, (spread[0] + spread[1] + spread[2]) / 3);
  const float variance = (misses + kDoubtWeight * kDoubtVariance) / (count - 1 + kDoubtWeight);
  const float other = kWorth * (made_up_variance + kLeastVariance);
  return other / (other + variance);
}

}  // namespace

void SeenElsewhere::FindHoles(const WarpedFrame& warped) {
  width_ = warped.rgba.width();
  height_ = warped.rgba.height();
  const float scale = std::max(1.0f, static_cast<float>(width_) / 960.0f);
  tolerance_ = kTolerance * scale;
  hidden_ = kHidden * scale;
  cells_across_ = (width_ + kCell - 1) / kCell;
  holes_.clear();
  index_.assign(static_cast<size_t>(width_) * static_cast<size_t>(height_), -1);
  near_across_ = static_cast<size_t>(width_) + 3;
  near_.assign(near_across_ * (static_cast<size_t>(height_) + 3), 0);
  cells_.assign(static_cast<size_t>(cells_across_) * static_cast<size_t>(height_ / kCell + 1), 0);
  for (int y = 0; y < height_; ++y) {
    const float* alpha = warped.rgba.Row(3, y);
    int32_t* index = &index_[static_cast<size_t>(y) * static_cast<size_t>(width_)];
    uint8_t* cells = &cells_[static_cast<size_t>(y / kCell) * static_cast<size_t>(cells_across_)];
    for (int x = 0; x < width_; ++x) {
      if (alpha[x] != 0) continue;
      index[x] = static_cast<int32_t>(holes_.size());
      holes_.push_back({x, y});
      cells[x / kCell] = 1;
      uint8_t* near =
          &near_[(static_cast<size_t>(y) + 1) * near_across_ + static_cast<size_t>(x) + 1];
      near[0] = near[1] = near[near_across_] = near[near_across_ + 1] = 1;
    }
  }
}

bool SeenElsewhere::AnyHole(int x0, int y0, int x1, int y1) const {
  x0 = std::max(x0, 0);
  y0 = std::max(y0, 0);
  x1 = std::min(x1, width_ - 1);
  y1 = std::min(y1, height_ - 1);
  for (int cy = y0 / kCell; cy * kCell <= y1; ++cy) {
    const uint8_t* cells = &cells_[static_cast<size_t>(cy) * static_cast<size_t>(cells_across_)];
    for (int cx = x0 / kCell; cx * kCell <= x1; ++cx) {
      if (cells[cx] != 0) return true;
    }
  }
  return false;
}

void SeenElsewhere::Land(const SeenFrom& from, const KeptFrame& own, float sign) {
  landings_.assign(holes_.size(), Landing{.nearest = -kInfinity});
  const KeptFrame& frame = *from.frame;
  const int across = frame.blocks_across();
  bounds_.resize(static_cast<size_t>(across));
  for (int by = 0; by < frame.blocks_down(); ++by) {
    FindBounds(from, by);
    for (int bx = 0; bx < across; ++bx) {
      const Bounds& bounds = bounds_[static_cast<size_t>(bx)];
      // False where a block is empty, or the camera has passed a part of it.
      if (!(bounds.left <= bounds.right && bounds.nearest_scale > 0)) continue;
      if (!(bounds.right > -1 && bounds.bottom > -1 && bounds.left < static_cast<float>(width_) &&
            bounds.top < static_cast<float>(height_))) {
        continue;
      }
      const float left = std::max(bounds.left, 0.0f), top = std::max(bounds.top, 0.0f);
      const float right = std::min(bounds.right, static_cast<float>(width_));
      const float bottom = std::min(bounds.bottom, static_cast<float>(height_));
      if (AnyHole(static_cast<int>(left) - 2, static_cast<int>(top) - 2,
                  static_cast<int>(right) + 2, static_cast<int>(bottom) + 2)) {
        LandBlock(from, own, sign, bx, by);
      }
    }
  }
}

// A block's corners, near and far, hold between them wherever its pixels go.
void SeenElsewhere::FindBounds(const SeenFrom& from, int by) {
  const KeptFrame& frame = *from.frame;
  std::array<float, 16> m;
  for (size_t i = 0; i < 16; ++i) m[i] = static_cast<float>(from.motion.rows()[i]);
  std::fill(bounds_.begin(), bounds_.end(), Bounds{});
  for (int corner = 0; corner < 8; ++corner) {
    const float y = static_cast<float>(by * KeptFrame::kBlockHeight +
                                       (corner >> 1 & 1) * (KeptFrame::kBlockHeight - 1));
    for (size_t bx = 0; bx < bounds_.size(); ++bx) {
      const KeptFrame::Range range = frame.BlockRange(static_cast<int>(bx), by);
      const float d = (corner & 4) != 0 ? range.high : range.low;
      const float x = static_cast<float>(static_cast<int>(bx) * KeptFrame::kBlockWidth +
                                         (corner & 1) * (KeptFrame::kBlockWidth - 1));
      const float scale = 1.0f / (m[8] * x + m[9] * y + m[10] + m[11] * d);
      const float seen_y = (m[4] * x + m[5] * y + m[6] + m[7] * d) * scale;
      const float place =
          ((m[0] - m[12]) * x + (m[1] - m[13]) * y + (m[2] - m[14]) + (m[3] - m[15]) * d) * scale;
      Bounds& bounds = bounds_[bx];
      bounds.left = std::min(bounds.left, place);
      bounds.right = std::max(bounds.right, place);
      bounds.top = std::min(bounds.top, seen_y);
      bounds.bottom = std::max(bounds.bottom, seen_y);
      bounds.nearest_scale = std::min(bounds.nearest_scale, scale);
    }
  }
}

void SeenElsewhere::LandBlock(const SeenFrom& from, const KeptFrame& own, float sign, int bx,
                              int by) {
  constexpr int kWidth = KeptFrame::kBlockWidth;
  const KeptFrame& frame = *from.frame;
  std::array<float, 16> m;
  for (size_t i = 0; i < 16; ++i) m[i] = static_cast<float>(from.motion.rows()[i]);
  const int x0 = bx * kWidth;
  const int count = std::min(kWidth, width_ - x0);
  const int end = std::min((by + 1) * KeptFrame::kBlockHeight, height_);
  const float right = static_cast<float>(width_), bottom = static_cast<float>(height_);
  const int across = static_cast<int>(near_across_);
  float source_d[kWidth] = {}, seen_x[kWidth], seen_y[kWidth], seen_d[kWidth], place[kWidth];
  int32_t near[kWidth];
  for (int y = by * KeptFrame::kBlockHeight; y < end; ++y) {
    HalfToFloat(frame.Displacement(x0, y), source_d, count);
    const float fy = static_cast<float>(y);
    for (int i = 0; i < kWidth; i += 8) {
      const Float8 x = static_cast<float>(x0 + i) + kLanes, d = Load8(source_d + i);
      const Float8 scale = 1.0f / (m[8] * x + m[9] * fy + m[10] + m[11] * d);
      const Float8 to_x = (m[0] * x + m[1] * fy + m[2] + m[3] * d) * scale;
      const Float8 to_y = (m[4] * x + m[5] * fy + m[6] + m[7] * d) * scale;
      const Float8 to_d = (m[12] * x + m[13] * fy + m[14] + m[15] * d) * scale;
      const Float8 at = to_x - to_d;
      // Columns and rows -2 and `width` or `height` are never near a hole; what isn't a number goes
      // there too.
      const Float8 px = Select8(at > Splat8(-1.0f), Min8(at, Splat8(right)), Splat8(-2.0f));
      const Float8 py = Select8(to_y > Splat8(-1.0f), Min8(to_y, Splat8(bottom)), Splat8(-2.0f));
      const Int8 cell = __builtin_convertvector(py + 2.0f, Int8) * across +
                        __builtin_convertvector(px + 2.0f, Int8);
      Store8(seen_x + i, to_x);
      Store8(seen_y + i, to_y);
      Store8(seen_d + i, to_d);
      Store8(place + i, at);
      std::memcpy(near + i, &cell, sizeof(cell));
    }
    for (int i = 0; i < count; ++i) {
      if (near_[static_cast<size_t>(near[i])] == 0) continue;
      const float sx = std::floor(seen_x[i] + 0.5f);
      const int sy = std::clamp(static_cast<int>(seen_y[i] + 0.5f), 0, height_ - 1);
      if (sx >= 0 && sx < right &&
          sign * LoadHalf(own.Displacement(static_cast<int>(sx), sy)) <
              sign * seen_d[i] - hidden_) {
        continue;
      }
      LandPixel({.nearest = sign * seen_d[i],
                 .source_x = static_cast<float>(x0 + i),
                 .source_y = fy,
                 .x = place[i],
                 .y = seen_y[i],
                 .source_d = source_d[i],
                 .d = seen_d[i]});
    }
  }
}

void SeenElsewhere::LandPixel(const Landing& pixel) {
  const int left = static_cast<int>(pixel.x + 1) - 1, top = static_cast<int>(pixel.y + 1) - 1;
  for (int tap = 0; tap < 4; ++tap) {
    const int x = left + (tap & 1), y = top + (tap >> 1);
    if (x < 0 || y < 0 || x >= width_ || y >= height_) continue;
    const int32_t hole =
        index_[static_cast<size_t>(y) * static_cast<size_t>(width_) + static_cast<size_t>(x)];
    if (hole < 0) continue;
    const float weight = (1 - std::abs(pixel.x - static_cast<float>(x))) *
                         (1 - std::abs(pixel.y - static_cast<float>(y)));
    Landing& landing = landings_[static_cast<size_t>(hole)];
    if (!(weight > 0) || pixel.nearest < landing.nearest - tolerance_) continue;
    if (pixel.nearest > landing.nearest + tolerance_) landing = Landing{.nearest = pixel.nearest};
    landing.nearest = std::max(pixel.nearest, landing.nearest);
    landing.weight += weight;
    landing.source_x += weight * pixel.source_x;
    landing.source_y += weight * pixel.source_y;
    landing.x += weight * pixel.x;
    landing.y += weight * pixel.y;
    landing.source_d += weight * pixel.source_d;
    landing.d += weight * pixel.d;
  }
}

void SeenElsewhere::Settle(Place* places) const {
  for (size_t i = 0; i < holes_.size(); ++i) {
    const Landing& landing = landings_[i];
    if (!(landing.weight > kEnoughWeight)) {
      places[i].d = kInfinity;
      continue;
    }
    const float scale = 1.0f / landing.weight;
    places[i] = {
        .d = landing.d * scale,
        .source_d = landing.source_d * scale,
        .x = landing.source_x * scale + static_cast<float>(holes_[i].x) - landing.x * scale,
        .y = landing.source_y * scale + static_cast<float>(holes_[i].y) - landing.y * scale};
  }
}

void SeenElsewhere::Fill(const KeptFrame& own, const std::vector<SeenFrom>& neighbours,
                         const HoleColours* made_up, WarpedFrame* warped) {
  FindHoles(*warped);
  if (holes_.empty()) return;
  const float sign = warped->nearer_is_larger ? 1.0f : -1.0f;
  places_.resize(holes_.size() * neighbours.size());
  for (size_t n = 0; n < neighbours.size(); ++n) {
    Land(neighbours[n], own, sign);
    Settle(&places_[n * holes_.size()]);
  }
  std::vector<float> found;
  for (size_t i = 0; i < holes_.size(); ++i) {
    found.clear();
    for (size_t n = 0; n < neighbours.size(); ++n) {
      const float d = places_[n * holes_.size() + i].d;
      if (d < kInfinity) found.push_back(d);
    }
    if (found.empty()) continue;
    const auto middle = found.begin() + static_cast<ptrdiff_t>(found.size() / 2);
    std::nth_element(found.begin(), middle, found.end());
    const float median = *middle;
    Float4 sum = {}, squares = {};
    float total = 0;
    for (size_t n = 0; n < neighbours.size(); ++n) {
      const Place& place = places_[n * holes_.size() + i];
      if (!(std::abs(place.d - median) < tolerance_)) continue;
      const Exposure& exposure = neighbours[n].exposure;
      const Float4 gain = {exposure.gain[0], exposure.gain[1], exposure.gain[2], 0};
      const Float4 offset = {exposure.offset[0], exposure.offset[1], exposure.offset[2], 0};
      const Float4 colour =
          gain * SampleSurface(*neighbours[n].frame, place.x, place.y, place.source_d, tolerance_) +
          offset;
      sum += colour;
      squares += colour * colour;
      total += 1;
    }
    sum /= total;
    const auto [x, y] = holes_[i];
    if (made_up != nullptr) {
      if (const auto other = made_up->At(x, y)) {
        const float share = ShareOfSeen(sum, squares, total, other->variance);
        sum = share * sum + (1 - share) * Float4{other->rgb[0], other->rgb[1], other->rgb[2], 0};
      }
    }
    for (int c = 0; c < 3; ++c) warped->rgba.Row(c, y)[x] = sum[c];
    warped->rgba.Row(3, y)[x] = 1;
    warped->displacement.Row(0, y)[x] = median;
  }
}

}  // namespace stereofarm
