#include "models/depth/parallax_egomotion.h"

#include <gtest/gtest.h>

#include <functional>

#include "models/depth/parallax_triangulation.h"
#include "tests/unit/depth/moving_scene.h"

namespace stereofarm {
namespace {

constexpr int kWidth = 320;
constexpr int kHeight = 180;
constexpr double kFocal = kFocalInWidths * kWidth;

cv::Matx33d Turn(double x, double y, double z) {
  const cv::Matx33d rx(1, 0, 0, 0, std::cos(x), -std::sin(x), 0, std::sin(x), std::cos(x));
  const cv::Matx33d ry(std::cos(y), 0, std::sin(y), 0, 1, 0, -std::sin(y), 0, std::cos(y));
  const cv::Matx33d rz(std::cos(z), -std::sin(z), 0, std::sin(z), std::cos(z), 0, 0, 0, 1);
  return rz * ry * rx;
}

using DepthOf = std::function<double(double x, double y)>;

double Bumpy(double x, double y) { return 4 + 8 * Texture(11).At(x, y); }

// The exact flow of a camera that moves by `pose` before surfaces `depth` away. There and back
// agree by construction.
FlowPair FlowOf(const PairPose& pose, const DepthOf& depth, double noise = 0) {
  FlowPair flow;
  flow.forward = cv::Mat(kHeight, kWidth, CV_32FC2);
  const Texture random(5);
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      const double px = x - 0.5 * (kWidth - 1), py = y - 0.5 * (kHeight - 1);
      const double z = depth(x, y);
      const cv::Vec3d p =
          pose.rotation * (cv::Vec3d(px / kFocal, py / kFocal, 1) * z + pose.translation);
      flow.forward.at<cv::Vec2f>(y, x) = {
          static_cast<float>(kFocal * p[0] / p[2] - px + noise * (random.At(9 * x, 9 * y) - 0.5)),
          static_cast<float>(kFocal * p[1] / p[2] - py + noise * (random.At(9 * y, 9 * x) - 0.5))};
    }
  }
  flow.forward_error = cv::Mat::zeros(kHeight, kWidth, CV_32F);
  return flow;
}

double AngleBetween(const cv::Vec3d& a, const cv::Vec3d& b) {
  return std::acos(std::clamp(a.dot(b) / (cv::norm(a) * cv::norm(b)), -1.0, 1.0)) * 180 / CV_PI;
}

TEST(ParallaxEgomotionTest, RecoversKnownMotion) {
  for (const cv::Vec3d& travel :
       {cv::Vec3d(0, 0, 1), cv::Vec3d(0.2, -0.05, 0.98), cv::Vec3d(1, 0, 0), cv::Vec3d(-1, 0.1, 0),
        cv::Vec3d(0.6, 0, -0.8), cv::Vec3d(0, 1, 0.1)}) {
    PairPose pose;
    pose.rotation = Turn(0.004, -0.01, 0.006);
    pose.translation = travel / cv::norm(travel) * 0.25;
    const PairMotion motion = MeasureMotion(FlowOf(pose, Bumpy, 0.2));
    EXPECT_LT(AngleBetween(motion.pose.translation, travel), 6) << travel;
    const cv::Matx33d off = motion.pose.rotation.t() * pose.rotation;
    EXPECT_LT(cv::norm(off - cv::Matx33d::eye()), 0.003) << travel;
    EXPECT_GT(motion.trust, 0.5) << travel;
  }
}

TEST(ParallaxEgomotionTest, RotationAndZoomAreNoParallax) {
  PairPose turn;
  turn.rotation = Turn(0.02, 0.03, 0.01);
  turn.translation = {0, 0, 0};
  EXPECT_EQ(MeasureMotion(FlowOf(turn, Bumpy, 0.2)).trust, 0);
  // Towards a wall that faces the camera: a zoom.
  PairPose closer;
  closer.translation = {0, 0, -0.3};
  EXPECT_EQ(MeasureMotion(FlowOf(
                              closer, [](double, double) { return 6.0; }, 0.2))
                .trust,
            0);
}

TEST(ParallaxEgomotionTest, FlowThatFindsNothingIsNotTrusted) {
  FlowPair flow = FlowOf(PairPose{cv::Matx33d::eye(), {0.3, 0, 0}}, Bumpy);
  flow.forward_error.setTo(50);
  const PairMotion motion = MeasureMotion(flow);
  EXPECT_EQ(motion.survivors, 0);
  EXPECT_EQ(motion.trust, 0);
}

TEST(ParallaxEgomotionTest, HomographyHoldsAgainstMovers) {
  PairPose turn;
  turn.rotation = Turn(0, 0.02, 0);
  turn.translation = {0, 0, 0};
  FlowPair flow = FlowOf(turn, Bumpy);
  flow.forward(cv::Rect(0, 60, 140, 120)) += cv::Scalar(6, -4);
  double survivors = 0;
  const cv::Matx33d h = FitHomography(SampleFlow(flow, &survivors), kWidth / 480.0);
  const cv::Vec3d moved = h * cv::Vec3d(100, -50, 1);
  const cv::Vec2f& truth = flow.forward.at<cv::Vec2f>(39, 259);
  EXPECT_NEAR(moved[0] / moved[2] - 100, truth[0], 0.2);
  EXPECT_NEAR(moved[1] / moved[2] + 50, truth[1], 0.2);
}

TEST(ParallaxEgomotionTest, InversePoseGoesBack) {
  PairPose pose;
  pose.rotation = Turn(0.1, 0.2, 0.3);
  pose.translation = {0.6, 0, 0.8};
  const cv::Vec3d x(1, 2, 5);
  const cv::Vec3d there = pose.rotation * (x + pose.translation);
  const PairPose inverse = pose.Inverse();
  EXPECT_LT(cv::norm(inverse.rotation * (there + inverse.translation) - x), 1e-12);
}

TEST(ParallaxTriangulationTest, RecoversInverseDepth) {
  PairPose pose;
  pose.rotation = Turn(0.004, -0.01, 0.006);
  pose.translation = {0.25, 0, 0};
  const FlowPair flow = FlowOf(pose, Bumpy);
  pose.translation /= cv::norm(pose.translation);
  const MeasuredDepth depth = Triangulate(flow.forward, flow.forward_error, pose);
  for (int y = 10; y < kHeight; y += 30) {
    for (int x = 10; x < kWidth; x += 40) {
      EXPECT_NEAR(depth.rho.at<float>(y, x) * Bumpy(x, y), 0.25, 0.01);
      EXPECT_GT(depth.weight.at<float>(y, x), 0);
      EXPECT_LT(depth.own.at<float>(y, x), 0.2);
    }
  }
}

TEST(ParallaxTriangulationTest, MeasuresMotionThatNoStillPointHas) {
  PairPose pose;
  pose.translation = {0.25, 0, 0};
  FlowPair flow = FlowOf(pose, Bumpy);
  pose.translation /= cv::norm(pose.translation);
  const double unit = kWidth / 480.0;
  // Off its line; along it the wrong way; the same where the flow doesn't come back.
  for (int x = 20; x < 60; ++x)
    flow.forward.at<cv::Vec2f>(50, x)[1] += static_cast<float>(3 * unit);
  for (int x = 100; x < 140; ++x) {
    flow.forward.at<cv::Vec2f>(50, x) = {static_cast<float>(-2 * unit), 0};
  }
  flow.forward_error(cv::Rect(30, 50, 10, 1)).setTo(50);
  const MeasuredDepth depth = Triangulate(flow.forward, flow.forward_error, pose);
  EXPECT_NEAR(depth.own.at<float>(50, 25), 3, 0.2);
  EXPECT_EQ(depth.own.at<float>(50, 35), 0);
  EXPECT_NEAR(depth.own.at<float>(50, 120), 2, 0.2);
}

TEST(ParallaxTriangulationTest, FusingBringsTheSecondSideToTheFirst) {
  MeasuredDepth first{cv::Mat(40, 40, CV_32F), cv::Mat(40, 40, CV_32F),
                      cv::Mat::zeros(40, 40, CV_32F)};
  for (int y = 0; y < 40; ++y) {
    for (int x = 0; x < 40; ++x) {
      first.rho.at<float>(y, x) = 1 + 0.1f * static_cast<float>(x);
      first.weight.at<float>(y, x) = 100 + static_cast<float>(y);
    }
  }
  MeasuredDepth second{first.rho * 3, first.weight / 9, first.own.clone()};
  first.own.at<float>(3, 4) = 2;
  first.own.at<float>(5, 6) = second.own.at<float>(5, 6) = 2;
  const auto fused = Fuse(first, second);
  ASSERT_TRUE(fused.has_value());
  EXPECT_LT(cv::norm(fused->rho - first.rho, cv::NORM_INF), 1e-4);
  EXPECT_NEAR(fused->weight.at<float>(0, 0), 200, 1);
  // What one side alone finds is hidden from the other.
  EXPECT_EQ(fused->own.at<float>(3, 4), 0);
  EXPECT_EQ(fused->own.at<float>(5, 6), 2);
}

}  // namespace
}  // namespace stereofarm
