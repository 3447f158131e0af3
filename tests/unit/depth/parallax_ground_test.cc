#include "models/depth/parallax_ground.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "models/depth/parallax_frame.h"
#include "tests/unit/depth/moving_scene.h"

namespace stereofarm {
namespace {

constexpr int kWidth = 320;
constexpr int kHeight = 180;

// Ground up to the horizon at a third of the height, a wall behind; some noise.
MeasuredDepth Street() {
  MeasuredDepth depth{cv::Mat(kHeight, kWidth, CV_32F), cv::Mat::ones(kHeight, kWidth, CV_32F),
                      cv::Mat::zeros(kHeight, kWidth, CV_32F)};
  const Texture noise(2);
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      const double ground = 0.02 * (y - 60) + 0.001 * (x - 160);
      depth.rho.at<float>(y, x) =
          static_cast<float>(std::max(ground, 0.5) * (1 + 0.05 * (noise.At(9 * x, 9 * y) - 0.5)));
    }
  }
  return depth;
}

TEST(ParallaxGroundTest, FindsThePlaneBesideObjects) {
  MeasuredDepth depth = Street();
  depth.rho(cv::Rect(40, 100, 60, 60)).setTo(2.5);
  const auto ground = FindGround(depth);
  ASSERT_TRUE(ground.has_value());
  EXPECT_NEAR(ground->by_y, 0.02, 0.001);
  EXPECT_NEAR(ground->by_x, 0.001, 0.0003);
  EXPECT_NEAR(ground->At(160, 150), 1.8, 0.05);
}

TEST(ParallaxGroundTest, NothingStaysBelowIt) {
  MeasuredDepth depth = Street();
  depth.rho(cv::Rect(200, 130, 40, 30)).setTo(0.1);
  const auto ground = FindGround(depth);
  ASSERT_TRUE(ground.has_value());
  ClampToGround(*ground, &depth.rho);
  EXPECT_NEAR(depth.rho.at<float>(150, 220), ground->At(220, 150), 1e-4);
  // What is above it stays.
  EXPECT_NEAR(depth.rho.at<float>(20, 220), 0.5, 0.03);
}

// A camera that travels forward over a level ground: what nobody could follow there is no hole in
// it, however bright.
TEST(ParallaxGroundTest, NorDoesWhatThePriorSays) {
  const auto rho_at = [](int y) { return std::max(0.001 * (y - 60), 0.02); };
  const Texture noise(2);
  cv::Mat plane(kHeight, kWidth, CV_32F), flow(kHeight, kWidth, CV_32FC2);
  cv::Mat error = cv::Mat::zeros(kHeight, kWidth, CV_32F);
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      plane.at<float>(y, x) = 0.2f + 0.2f * noise.At(x, y);
      const double longer = rho_at(y) / (1 - rho_at(y));
      flow.at<cv::Vec2f>(y, x) = {static_cast<float>((x - 0.5 * (kWidth - 1)) * longer),
                                  static_cast<float>((y - 0.5 * (kHeight - 1)) * longer)};
    }
  }
  const cv::Rect mirror(60, 130, 50, 30);
  plane(mirror).setTo(1);
  error(mirror).setTo(FlowPair::kLeftPicture);
  const std::vector<cv::Mat> rgb = {plane, plane, plane};
  FrameInput input;
  input.rgb = &rgb;
  input.sides.push_back({&flow, &error, {.translation = {0, 0, -1}}, 1, 1});
  const FrameDepth depth = EstimateFrame(input, {});
  EXPECT_GT(depth.rho.at<float>(145, 85), 0.75f * depth.rho.at<float>(145, 235));
  EXPECT_LT(depth.rho.at<float>(145, 85), 1.25f * depth.rho.at<float>(145, 235));
}

TEST(ParallaxGroundTest, AWallIsNoGround) {
  MeasuredDepth depth{cv::Mat(kHeight, kWidth, CV_32F), cv::Mat::ones(kHeight, kWidth, CV_32F),
                      cv::Mat::zeros(kHeight, kWidth, CV_32F)};
  const Texture noise(2);
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      depth.rho.at<float>(y, x) =
          1 + 0.02f * noise.At(9 * x, 9 * y) - 0.001f * static_cast<float>(y);
    }
  }
  EXPECT_FALSE(FindGround(depth).has_value());
}

TEST(ParallaxGroundTest, TinyPicturesHaveNone) {
  const MeasuredDepth depth{cv::Mat::ones(16, 16, CV_32F), cv::Mat::ones(16, 16, CV_32F),
                            cv::Mat::zeros(16, 16, CV_32F)};
  EXPECT_FALSE(FindGround(depth).has_value());
}

}  // namespace
}  // namespace stereofarm
