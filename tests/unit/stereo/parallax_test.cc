#include "models/stereo/parallax.h"

#include <gtest/gtest.h>

#include <limits>

namespace stereofarm {
namespace {

Image OnePixelOf(int width, float value) {
  Image image(width, 1, 1);
  image.Fill(value);
  return image;
}

TEST(ParallaxTest, DefaultsKeepTheBroadcastRule) {
  const StereoSettings settings;
  EXPECT_DOUBLE_EQ(ParallaxPercent(settings, 1), 1);
  EXPECT_DOUBLE_EQ(ParallaxPercent(settings, 0.5), 0);
  EXPECT_DOUBLE_EQ(ParallaxPercent(settings, 0), -1);
}

TEST(ParallaxTest, RightEyeSeesNearSurfacesFurtherLeft) {
  const Image displacement = DisplacementFromDepth(OnePixelOf(1920, 1), StereoSettings{2, 0.5},
                                                   SynthesizedEye::kRight, SynthesizedEye::kRight);
  EXPECT_FLOAT_EQ(displacement.Row(0, 0)[7], 19.2f);  // seen at x - 19.2
  EXPECT_TRUE(NearerIsLarger(SynthesizedEye::kRight));
}

TEST(ParallaxTest, LeftEyeSeesNearSurfacesFurtherRight) {
  const Image displacement = DisplacementFromDepth(OnePixelOf(1920, 1), StereoSettings{2, 0.5},
                                                   SynthesizedEye::kLeft, SynthesizedEye::kLeft);
  EXPECT_FLOAT_EQ(displacement.Row(0, 0)[7], -19.2f);
  EXPECT_FALSE(NearerIsLarger(SynthesizedEye::kLeft));
}

TEST(ParallaxTest, BothEyesShareTheParallaxInHalves) {
  const double left = PixelsPerPercent(SynthesizedEye::kBoth, SynthesizedEye::kLeft, 1000);
  const double right = PixelsPerPercent(SynthesizedEye::kBoth, SynthesizedEye::kRight, 1000);
  EXPECT_DOUBLE_EQ(left, -5);
  EXPECT_DOUBLE_EQ(right, 5);
}

TEST(ParallaxTest, EyeThatIsPassedThroughDoesNotMove) {
  EXPECT_EQ(PixelsPerPercent(SynthesizedEye::kRight, SynthesizedEye::kLeft, 1000), 0);
  EXPECT_EQ(PixelsPerPercent(SynthesizedEye::kLeft, SynthesizedEye::kRight, 1000), 0);
}

TEST(ParallaxTest, RigPutsConvergenceOnTheScreen) {
  const StereoRig rig{693.0, 0.15, 9.0};
  EXPECT_DOUBLE_EQ(ParallaxPercent(rig, 9.0, 960), 0);
  EXPECT_GT(ParallaxPercent(rig, 3.0, 960), 0);
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_NEAR(ParallaxPercent(rig, infinity, 960), -100.0 / 960 * 693 * 0.15 / 9, 1e-12);
}

TEST(ParallaxTest, RigInPixelsIsFocalLengthTimesBaselineTimesInverseDepth) {
  const StereoRig rig{800, 0.12, 8};
  const Image displacement = DisplacementFromInverseMetres(
      OnePixelOf(960, 0.25f), rig, SynthesizedEye::kRight, SynthesizedEye::kRight);
  EXPECT_NEAR(displacement.Row(0, 0)[0], 800 * 0.12 * (0.25 - 0.125), 1e-4);
}

TEST(ParallaxTest, SizesOfThePictureLookAlike) {
  const StereoSettings settings{3, 0.25};
  const Image hd = DisplacementFromDepth(OnePixelOf(1920, 0.9f), settings, SynthesizedEye::kRight,
                                         SynthesizedEye::kRight);
  const Image uhd = DisplacementFromDepth(OnePixelOf(3840, 0.9f), settings, SynthesizedEye::kRight,
                                          SynthesizedEye::kRight);
  EXPECT_FLOAT_EQ(uhd.Row(0, 0)[0], 2 * hd.Row(0, 0)[0]);
}

}  // namespace
}  // namespace stereofarm
