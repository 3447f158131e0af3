#include "models/depth/parallax_subjects.h"

#include <gtest/gtest.h>

#include "models/depth/parallax_prior.h"

namespace stereofarm {
namespace {

// Nearer downwards.
cv::Mat Slope() {
  cv::Mat prior(180, 320, CV_32F);
  for (int y = 0; y < 180; ++y) prior.row(y).setTo(static_cast<float>(y) / 180);
  return prior;
}

TEST(ParallaxSubjectsTest, AMoverStandsWhereItMeetsTheGround) {
  cv::Mat prior = Slope();
  cv::Mat motion = cv::Mat::zeros(180, 320, CV_32F);
  motion(cv::Rect(100, 30, 60, 120)).setTo(2);
  RaiseSubjects(motion, 1, &prior);
  const float ground = 0.73f;  // 85 % of the way from row 30 to row 150
  EXPECT_NEAR(prior.at<float>(40, 130), ground, 0.05);
  EXPECT_NEAR(prior.at<float>(100, 130), ground, 0.05);
  EXPECT_NEAR(prior.at<float>(40, 40), 40 / 180.0, 1e-5);
}

TEST(ParallaxSubjectsTest, SpecklesAndWholePicturesAreNoSubjects) {
  const cv::Mat before = Slope();
  cv::Mat prior = before.clone();
  cv::Mat motion = cv::Mat::zeros(180, 320, CV_32F);
  for (int i = 0; i < 20; ++i) motion(cv::Rect(15 * i, 9 * (i % 15), 4, 4)).setTo(2);
  RaiseSubjects(motion, 1, &prior);
  EXPECT_EQ(cv::norm(prior - before, cv::NORM_INF), 0);
  motion.setTo(0);
  motion(cv::Rect(0, 0, 320, 89)).setTo(2);
  RaiseSubjects(motion, 1, &prior);
  EXPECT_EQ(cv::norm(prior - before, cv::NORM_INF), 0);
}

TEST(ParallaxPriorTest, LowerIsNearerAndHazeIsFar) {
  std::vector<cv::Mat> rgb;
  for (int c = 0; c < 3; ++c) rgb.push_back(cv::Mat(90, 160, CV_32F, cv::Scalar(0.3)));
  for (cv::Mat& plane : rgb) plane(cv::Rect(0, 0, 80, 30)).setTo(0.9);
  const cv::Mat prior = AppearancePrior(rgb);
  EXPECT_GT(prior.at<float>(85, 80), prior.at<float>(50, 80));
  EXPECT_GT(prior.at<float>(10, 130), prior.at<float>(10, 30) + 0.5);
}

}  // namespace
}  // namespace stereofarm
