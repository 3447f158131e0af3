#include "models/inpaint/seen_elsewhere.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "common/image/half.h"
#include "models/inpaint/target.h"
#include "models/stereo/splat.h"
#include "tests/unit/stereo/picture.h"

namespace stereofarm {
namespace {

constexpr int kWidth = 64;
constexpr int kHeight = 32;

// A still camera. At time 0 a near strip hides a part of the far wall, which other frames show.
class SeenElsewhereTest : public testing::Test {
 protected:
  SeenElsewhereTest() {
    Frame(0.5f, true, &rgb_, &displacement_);
    Splat(rgb_, displacement_, true, &warped_);
    // A picture where the strip's background is made up, evenly.
    WarpedFrame even = warped_.Clone();
    for (int y = 0; y < kHeight; ++y) {
      for (int c = 0; c < 3; ++c) std::fill_n(even.rgba.Row(c, y), kWidth, 0.5f);
    }
    even.displacement.Fill(0);
    Image variance(kWidth, kHeight, 1);
    variance.Fill(0);
    made_up_ = std::make_unique<HoleColours>(even, variance);
    own_ = std::make_unique<KeptFrame>(0, rgb_, displacement_);
  }

  // The wall's colour; the strip, 8 pixels nearer, is black.
  static void Frame(float colour, bool strip, Image* rgb, Image* displacement) {
    *rgb = Image(kWidth, kHeight, 3);
    *displacement = Image(kWidth, kHeight, 1);
    rgb->Fill(colour);
    displacement->Fill(0);
    if (!strip) return;
    for (int y = 0; y < kHeight; ++y) {
      for (int x = 24; x < 32; ++x) {
        for (int c = 0; c < 3; ++c) rgb->Row(c, y)[x] = 0;
        displacement->Row(0, y)[x] = 8;
      }
    }
  }

  // The hole's colour after a fill from frames whose wall has these colours.
  float FillFrom(const std::vector<float>& colours, bool with_made_up) {
    std::vector<KeptFrame> kept;
    for (size_t i = 0; i < colours.size(); ++i) {
      Image rgb, displacement;
      Frame(colours[i], false, &rgb, &displacement);
      kept.emplace_back(static_cast<int64_t>(i), rgb, displacement);
    }
    std::vector<SeenFrom> neighbours;
    for (const KeptFrame& frame : kept) neighbours.push_back({&frame, {}});
    WarpedFrame filled = warped_.Clone();
    SeenElsewhere().Fill(*own_, neighbours, with_made_up ? made_up_.get() : nullptr, &filled);
    EXPECT_EQ(filled.rgba.Row(3, 16)[26], 1);
    EXPECT_NEAR(filled.displacement.Row(0, 16)[26], 0, 0.01);
    return filled.rgba.Row(1, 16)[26];
  }

  Image rgb_, displacement_;
  WarpedFrame warped_;
  std::unique_ptr<HoleColours> made_up_;
  std::unique_ptr<KeptFrame> own_;
};

TEST_F(SeenElsewhereTest, FramesThatAgreeAreBelieved) {
  ASSERT_EQ(warped_.rgba.Row(3, 16)[26], 0);
  EXPECT_NEAR(FillFrom({0.7f, 0.7f, 0.7f, 0.7f, 0.7f, 0.7f}, false), 0.7f, 1e-3);
  EXPECT_NEAR(FillFrom({0.7f, 0.7f, 0.7f, 0.7f, 0.7f, 0.7f}, true), 0.7f, 0.1);
}

TEST_F(SeenElsewhereTest, FramesThatContradictEachOtherGiveWayToWhatIsMadeUp) {
  EXPECT_NEAR(FillFrom({0.9f, 0.1f, 0.9f, 0.9f}, false), 0.7f, 1e-3);
  EXPECT_NEAR(FillFrom({0.9f, 0.1f, 0.9f, 0.9f}, true), 0.5f, 0.01);
}

TEST_F(SeenElsewhereTest, SingleFrameIsLittleBelievedWhereAllAroundIsEven) {
  EXPECT_NEAR(FillFrom({0.9f}, true), 0.5f, 0.05);
}

TEST_F(SeenElsewhereTest, ExposureIsApplied) {
  Image rgb, displacement;
  Frame(0.4f, false, &rgb, &displacement);
  const KeptFrame kept(1, rgb, displacement);
  SeenFrom from{&kept, {}};
  from.exposure.gain = {1, 1.5f, 1};
  from.exposure.offset = {0, 0.1f, 0};
  WarpedFrame filled = warped_.Clone();
  SeenElsewhere().Fill(*own_, {from}, nullptr, &filled);
  EXPECT_NEAR(filled.rgba.Row(1, 16)[26], 0.7f, 1e-3);
}

TEST_F(SeenElsewhereTest, PointWhereTheSourceEyeLooksFartherCantBeThere) {
  // Another frame has something nearer all over; the source eye of this one sees past it.
  Image rgb, displacement;
  Frame(0.9f, false, &rgb, &displacement);
  displacement.Fill(4);
  const KeptFrame kept(1, rgb, displacement);
  WarpedFrame filled = warped_.Clone();
  SeenElsewhere().Fill(*own_, {{&kept, {}}}, nullptr, &filled);
  // The strip's hole starts at column 24; its point of displacement 4 there would be at 28, in the
  // strip; at column 29 and on it would be at 33, where the eye sees the wall.
  EXPECT_EQ(filled.rgba.Row(3, 16)[24], 1);
  EXPECT_EQ(filled.rgba.Row(3, 16)[30], 0);
}

// What lands in one hole, the plain way: all pixels of the neighbour in the order of its blocks.
struct PlainLanding {
  float nearest = -1e9f, weight = 0, d = 0;
  void Add(float near, float w, float seen_d) {
    if (near < nearest - 1 || !(w > 0)) return;
    if (near > nearest + 1) *this = {.nearest = near};
    nearest = std::max(nearest, near);
    weight += w;
    d += w * seen_d;
  }
};

PlainLanding LandPlainly(const Image& source_d, const DisparityMotion& motion, const Image& eye_d,
                         float sign, int x, int y) {
  PlainLanding landing;
  for (int by = 0; by < eye_d.height(); by += KeptFrame::kBlockHeight) {
    for (int bx = 0; bx < eye_d.width(); bx += KeptFrame::kBlockWidth) {
      for (int v = by; v < std::min(by + KeptFrame::kBlockHeight, eye_d.height()); ++v) {
        for (int u = bx; u < std::min(bx + KeptFrame::kBlockWidth, eye_d.width()); ++u) {
          const SeenPoint p =
              motion.Apply({static_cast<double>(u), static_cast<double>(v), source_d.Row(0, v)[u]});
          const double wx = 1 - std::abs(p.x - p.d - x), wy = 1 - std::abs(p.y - y);
          if (wx <= 0 || wy <= 0) continue;
          const int sx = static_cast<int>(std::floor(p.x + 0.5));
          const int sy = std::clamp(static_cast<int>(std::floor(p.y + 0.5)), 0, eye_d.height() - 1);
          const bool inside = sx >= 0 && sx < eye_d.width();
          if (inside && sign * eye_d.Row(0, sy)[sx] < sign * p.d - 0.75) continue;
          landing.Add(sign * static_cast<float>(p.d), static_cast<float>(wx * wy),
                      static_cast<float>(p.d));
        }
      }
    }
  }
  return landing;
}

TEST(SeenElsewhereTwinTest, LandsLikeThePlainWay) {
  const auto random = SeededRandom(TestSeed());
  const DisparityMotion motion(
      {1.01, 0.002, -1.3, 0.4, 0.001, 0.99, 0.8, 0.1, 1e-5, 2e-5, 1, 0.001, 0.002, 0, 0.3, 1.05});
  int same = 0, holes = 0, landed = 0;
  for (const bool nearer_is_larger : {true, false}) {
    const float sign = nearer_is_larger ? 1 : -1;
    const Image rgb = RandomImage(83, 41, 3, 0, 1, *random);
    const Image there = RandomSteps(83, 41, 7, *random), here = RandomSteps(83, 41, 7, *random);
    WarpedFrame warped;
    Splat(rgb, here, nearer_is_larger, &warped);
    const KeptFrame kept(1, rgb, there), own(0, rgb, here);
    Image halves = there.Clone(), own_halves = here.Clone();
    QuantizeToHalf(halves);
    QuantizeToHalf(own_halves);
    WarpedFrame filled = warped.Clone();
    SeenElsewhere().Fill(own, {{&kept, motion}}, nullptr, &filled);
    for (int y = 0; y < 41; ++y) {
      for (int x = 0; x < 83; ++x) {
        if (warped.rgba.Row(3, y)[x] != 0) continue;
        ++holes;
        const PlainLanding plain = LandPlainly(halves, motion, own_halves, sign, x, y);
        const bool known = plain.weight > 0.65f;
        landed += known;
        const bool agrees = (filled.rgba.Row(3, y)[x] != 0) == known;
        same +=
            agrees &&
            (!known || std::abs(filled.displacement.Row(0, y)[x] - plain.d / plain.weight) < 0.01f);
      }
    }
  }
  EXPECT_GT(landed, 100);
  // Single precision may decide otherwise where a comparison is close.
  EXPECT_GT(same, 0.98 * holes);
}

TEST_F(SeenElsewhereTest, WithoutNeighboursHolesStay) {
  WarpedFrame filled = warped_.Clone();
  SeenElsewhere().Fill(*own_, {}, nullptr, &filled);
  EXPECT_EQ(filled.rgba.Row(3, 16)[26], 0);
}

}  // namespace
}  // namespace stereofarm
