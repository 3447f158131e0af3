#include "models/stereo/resample.h"

#include <gtest/gtest.h>

#include <cmath>

#include "common/image/half.h"
#include "models/stereo/splat.h"
#include "tests/unit/stereo/picture.h"

namespace stereofarm {
namespace {

// A wave along x that a blur flattens.
float Wave(float x) { return 0.5f + 0.4f * std::sin(1.3f * x); }

struct Scene {
  Image rgb{64, 8, 3};
  Image displacement{64, 8, 1};
  WarpedFrame warped;
};

Scene MakeScene(float displacement) {
  Scene scene;
  for (int y = 0; y < 8; ++y) {
    for (int x = 0; x < 64; ++x) {
      for (int c = 0; c < 3; ++c) scene.rgb.Row(c, y)[x] = Wave(static_cast<float>(x));
    }
  }
  scene.displacement.Fill(displacement);
  Splat(scene.rgb, scene.displacement, true, &scene.warped);
  return scene;
}

double WorstError(const Scene& scene, float displacement) {
  double worst = 0;
  for (int x = 8; x < 56; ++x) {
    const float truth = Wave(static_cast<float>(x) + displacement);
    worst = std::max<double>(worst, std::abs(scene.warped.rgba.Row(1, 4)[x] - truth));
  }
  return worst;
}

TEST(ResampleTest, BicubicKeepsTheDetailThatTwoTapsBlur) {
  Scene scene = MakeScene(3.5f);
  const double blurred = WorstError(scene, 3.5f);
  Resample(scene.rgb, scene.displacement, ResampleKernel::kBicubic, &scene.warped);
  EXPECT_LT(WorstError(scene, 3.5f), 0.5 * blurred);
}

TEST(ResampleTest, SoftTakesGrainAway) {
  const auto random = SeededRandom(3);
  Scene scene{RandomImage(64, 8, 3, 0.4f, 0.6f, *random), Image(64, 8, 1), {}};
  scene.displacement.Fill(2.0f);
  double variance[2] = {};
  for (const bool soft : {false, true}) {
    Splat(scene.rgb, scene.displacement, true, &scene.warped);
    Resample(scene.rgb, scene.displacement, soft ? ResampleKernel::kSoft : ResampleKernel::kBicubic,
             &scene.warped);
    for (int x = 8; x < 56; ++x) {
      variance[soft] += std::pow(scene.warped.rgba.Row(0, 4)[x] - 0.5, 2);
    }
  }
  EXPECT_LT(variance[1], 0.8 * variance[0]);
}

TEST(ResampleTest, WholePixelsComeThroughExactly) {
  const auto random = SeededRandom(4);
  Scene scene{RandomImage(40, 6, 3, 0, 1, *random), Image(40, 6, 1), {}};
  QuantizeToHalf(scene.rgb);
  scene.displacement.Fill(-3.0f);
  Splat(scene.rgb, scene.displacement, true, &scene.warped);
  const WarpedFrame before = scene.warped.Clone();
  Resample(scene.rgb, scene.displacement, ResampleKernel::kBicubic, &scene.warped);
  ExpectSamePixels(scene.warped.rgba, before.rgba);
  ExpectSamePixels(scene.warped.displacement, before.displacement);
}

TEST(ResampleTest, HolesStayHolesAndGeometryIsKept) {
  const auto random = SeededRandom(5);
  for (const bool nearer_is_larger : {true, false}) {
    Scene scene{RandomImage(61, 9, 3, 0, 1, *random), RandomSteps(61, 9, 9, *random), {}};
    Splat(scene.rgb, scene.displacement, nearer_is_larger, &scene.warped);
    const WarpedFrame before = scene.warped.Clone();
    Resample(scene.rgb, scene.displacement, ResampleKernel::kSoft, &scene.warped);
    ExpectSamePixels(scene.warped.displacement, before.displacement);
    for (int y = 0; y < 9; ++y) {
      for (int x = 0; x < 61; ++x) {
        EXPECT_EQ(scene.warped.rgba.Row(3, y)[x], before.rgba.Row(3, y)[x]);
        if (before.rgba.Row(3, y)[x] == 0) {
          EXPECT_EQ(scene.warped.rgba.Row(0, y)[x], 0);
        }
        EXPECT_TRUE(std::isfinite(scene.warped.rgba.Row(0, y)[x]));
      }
    }
  }
}

TEST(ResampleTest, PlaceIsLookedUpOnTheSurfaceThatTheSplatChose) {
  // A slope: two taps mix displacements, and the place they name is refined.
  Scene scene = MakeScene(0);
  for (int y = 0; y < 8; ++y) {
    for (int x = 0; x < 64; ++x) scene.displacement.Row(0, y)[x] = 0.3f * static_cast<float>(x);
  }
  Splat(scene.rgb, scene.displacement, true, &scene.warped);
  Resample(scene.rgb, scene.displacement, ResampleKernel::kBicubic, &scene.warped);
  for (int x = 4; x < 40; ++x) {
    // x = source * 0.7
    EXPECT_NEAR(scene.warped.rgba.Row(0, 3)[x], Wave(static_cast<float>(x) / 0.7f), 0.06f) << x;
  }
}

TEST(ResampleTest, DisplacementThatIsNoNumberDoesNoHarm) {
  Scene scene = MakeScene(2.0f);
  for (int x = 20; x < 24; ++x) scene.displacement.Row(0, 2)[x] = std::nanf("");
  Splat(scene.rgb, scene.displacement, true, &scene.warped);
  Resample(scene.rgb, scene.displacement, ResampleKernel::kSoft, &scene.warped);
  for (int x = 0; x < 64; ++x) EXPECT_TRUE(std::isfinite(scene.warped.rgba.Row(0, 2)[x]));
}

}  // namespace
}  // namespace stereofarm
