#include "models/depth/edge_smoother.h"

#include <gtest/gtest.h>

#include "tests/unit/depth/moving_scene.h"

namespace stereofarm {
namespace {

constexpr float kSigma = 5.0f / 255;

TEST(EdgeSmootherTest, SmoothsWithinRegionsAndKeepsTheirEdge) {
  cv::Mat guide(40, 60, CV_32F), plane(40, 60, CV_32F);
  const Texture noise(3);
  for (int y = 0; y < 40; ++y) {
    for (int x = 0; x < 60; ++x) {
      guide.at<float>(y, x) = x < 30 ? 0.2f : 0.8f;
      plane.at<float>(y, x) = (x < 30 ? 1.0f : 3.0f) + noise.At(9 * x, 9 * y) - 0.5f;
    }
  }
  cv::Scalar mean, before, left_after, right_after;
  cv::meanStdDev(plane.colRange(0, 30), mean, before);
  EdgeSmoother({guide}, 100, kSigma).Smooth({&plane});
  cv::Scalar left, right;
  cv::meanStdDev(plane.colRange(0, 30), left, left_after);
  cv::meanStdDev(plane.colRange(30, 60), right, right_after);
  EXPECT_LT(left_after[0], before[0] / 3);
  EXPECT_LT(right_after[0], before[0] / 3);
  EXPECT_NEAR(left[0], mean[0], 1e-3);
  EXPECT_NEAR(plane.at<float>(20, 30) - plane.at<float>(20, 29), 2, 0.3);
}

TEST(EdgeSmootherTest, LeavesConstantsAlone) {
  cv::Mat guide(17, 33, CV_32F), plane(17, 33, CV_32F, cv::Scalar(0.75));
  const Texture noise(5);
  for (int y = 0; y < 17; ++y) {
    for (int x = 0; x < 33; ++x) guide.at<float>(y, x) = noise.At(x, y);
  }
  EdgeSmoother({guide, guide, guide}, 100, kSigma).Smooth({&plane});
  double low = 0, high = 0;
  cv::minMaxLoc(plane, &low, &high);
  EXPECT_NEAR(low, 0.75, 1e-4);
  EXPECT_NEAR(high, 0.75, 1e-4);
}

TEST(EdgeSmootherTest, TakesOnePixelAndOneRow) {
  cv::Mat pixel(1, 1, CV_32F, cv::Scalar(2)), row(1, 9, CV_32F, cv::Scalar(2));
  EdgeSmoother({pixel.clone()}, 100, kSigma).Smooth({&pixel});
  EdgeSmoother({row.clone()}, 100, kSigma).Smooth({&row});
  EXPECT_NEAR(pixel.at<float>(0, 0), 2, 1e-5);
  EXPECT_NEAR(row.at<float>(0, 8), 2, 1e-4);
}

TEST(EdgeSmootherTest, SolvesTheWeightedLeastSquaresSystem) {
  // On a single row the last round is an exact solve: check its equations by hand for lambda so
  // small that earlier rounds don't matter.
  cv::Mat guide(1, 3, CV_32F, cv::Scalar(0.5));
  cv::Mat row = (cv::Mat_<float>(1, 3) << 0, 1, 0);
  EdgeSmoother({guide}, 0.014f, kSigma).Smooth({&row});
  EXPECT_NEAR(row.at<float>(0, 0) + row.at<float>(0, 1) + row.at<float>(0, 2), 1, 1e-5);
  EXPECT_NEAR(row.at<float>(0, 0), row.at<float>(0, 2), 1e-6);
  // The rounds' lambdas add up to 1.5 times the whole.
  EXPECT_NEAR(row.at<float>(0, 0), 1.5 * 0.014, 2e-3);
}

}  // namespace
}  // namespace stereofarm
