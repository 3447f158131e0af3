#include "models/depth/parallax_gauge.h"

#include <gtest/gtest.h>

#include "tests/unit/depth/moving_scene.h"

namespace stereofarm {
namespace {

FrameDepth BumpyFrame(double scale) {
  FrameDepth frame;
  frame.rho = cv::Mat(90, 160, CV_32F);
  const Texture texture(4);
  for (int y = 0; y < 90; ++y) {
    for (int x = 0; x < 160; ++x) {
      frame.rho.at<float>(y, x) = static_cast<float>(scale) * (0.5f + texture.At(x, y));
    }
  }
  frame.confidence = cv::Mat::ones(90, 160, CV_32F);
  return frame;
}

FlowPair NoMotion() {
  FlowPair flow;
  flow.forward = cv::Mat::zeros(90, 160, CV_32FC2);
  flow.forward_error = cv::Mat::zeros(90, 160, CV_32F);
  return flow;
}

TEST(ParallaxGaugeTest, RatioOfAScaledFrameIsItsScale) {
  EXPECT_NEAR(LogRatio(BumpyFrame(1), BumpyFrame(1.3), NoMotion()), std::log(1.3), 1e-4);
}

TEST(ParallaxGaugeTest, RatioHoldsAgainstMovers) {
  FrameDepth next = BumpyFrame(0.8);
  next.rho(cv::Rect(0, 0, 60, 90)) *= 4;
  EXPECT_NEAR(LogRatio(BumpyFrame(1), next, NoMotion()), std::log(0.8), 1e-3);
}

TEST(ParallaxGaugeTest, RatioTakesTheCamerasTravelOut) {
  FrameDepth here = BumpyFrame(1);
  here.travel = {0, 0, -0.1};  // the scene comes nearer
  FrameDepth next = BumpyFrame(1);
  for (float& v : cv::Mat_<float>(next.rho)) v = v / (1 - 0.1f * v);
  EXPECT_NEAR(LogRatio(here, next, NoMotion()), 0, 1e-4);
}

TEST(ParallaxGaugeTest, LostFramesAndLostFlowSayNothing) {
  FrameDepth lost = BumpyFrame(2);
  lost.lost = true;
  EXPECT_EQ(LogRatio(BumpyFrame(1), lost, NoMotion()), 0);
  FlowPair flow = NoMotion();
  flow.forward_error.setTo(FlowPair::kLeftPicture);
  EXPECT_EQ(LogRatio(BumpyFrame(1), BumpyFrame(2), flow), 0);
}

TEST(ParallaxGaugeTest, WindowCarriesEveryFramesOwnNormalisation) {
  EXPECT_EQ(WindowGauge({}, 0), 0);
  // The second of two frames shows the same points 0.2 larger: meet in the middle.
  EXPECT_NEAR(WindowGauge({0.2}, 0), 0.1, 1e-12);
  EXPECT_NEAR(WindowGauge({0.2}, 1), -0.1, 1e-12);
  // A single odd ratio moves the whole window's gauge, each frame by the same shift: no jump
  // between its frames beyond the ratio itself.
  const std::vector<double> ratios = {0, 0, 0.3, 0};
  for (size_t at = 0; at + 1 <= ratios.size(); ++at) {
    EXPECT_NEAR(WindowGauge(ratios, at + 1) - WindowGauge(ratios, at), -ratios[at], 1e-12);
  }
}

TEST(ParallaxGaugeTest, MeanOverTimeLeavesEdgesOfMeasuredDepth) {
  const cv::Mat rho(20, 20, CV_32F, cv::Scalar(1)), other(20, 20, CV_32F, cv::Scalar(3));
  const cv::Mat flow = cv::Mat::zeros(20, 20, CV_32FC2), error = cv::Mat::zeros(20, 20, CV_32F);
  const TimeNeighbour neighbour{&other, &flow, &error, 0, 0};
  const cv::Mat measured = SteadyFrame(rho, cv::Mat::ones(20, 20, CV_32F), {neighbour});
  EXPECT_NEAR(measured.at<float>(9, 9), 1, 0.01);
  const cv::Mat guessed = SteadyFrame(rho, cv::Mat::zeros(20, 20, CV_32F), {neighbour});
  EXPECT_GT(guessed.at<float>(9, 9), 1.3);
}

}  // namespace
}  // namespace stereofarm
