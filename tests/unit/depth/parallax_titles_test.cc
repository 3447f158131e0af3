#include "models/depth/parallax_titles.h"

#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

#include "tests/unit/depth/moving_scene.h"

namespace stereofarm {
namespace {

const cv::Rect kLetters(110, 128, 110, 20);

// A texture that moves by `shift` pixels, with text on it or without.
cv::Mat Picture(double shift, bool text) {
  const Texture texture(5);
  cv::Mat grey(180, 320, CV_8U);
  for (int y = 0; y < grey.rows; ++y) {
    for (int x = 0; x < grey.cols; ++x) {
      grey.at<uint8_t>(y, x) = static_cast<uint8_t>(200 * texture.At(x + shift, y));
    }
  }
  if (text) {
    cv::putText(grey, "The end", {kLetters.x, kLetters.y + 18}, cv::FONT_HERSHEY_SIMPLEX, 0.8, 0, 5,
                cv::LINE_AA);
    cv::putText(grey, "The end", {kLetters.x, kLetters.y + 18}, cv::FONT_HERSHEY_SIMPLEX, 0.8, 255,
                2, cv::LINE_AA);
  }
  return grey;
}

cv::Mat Find(bool text, double speed) {
  const cv::Mat now = Picture(0, text);
  const cv::Mat last = Picture(-4 * speed, text), next = Picture(4 * speed, text);
  cv::Mat flow(now.size(), CV_32FC2, cv::Scalar(-4 * speed, 0));
  if (text) flow(kLetters).setTo(0);
  return FindTitles(now, {&last, &next}, flow);
}

TEST(ParallaxTitlesTest, TextOnAMovingPictureIsFound) {
  const cv::Mat titles = Find(true, 1.5);
  ASSERT_FALSE(titles.empty());
  EXPECT_GT(cv::countNonZero(titles(kLetters)), 0.6 * kLetters.area());
  // And nothing else is.
  EXPECT_EQ(cv::countNonZero(titles.rowRange(0, 110)), 0);
}

TEST(ParallaxTitlesTest, APictureWithoutTextHasNone) { EXPECT_TRUE(Find(false, 1.5).empty()); }

TEST(ParallaxTitlesTest, WhatStandsStillAmongStillThingsIsNoTitle) {
  EXPECT_TRUE(Find(true, 0).empty());
}

TEST(ParallaxTitlesTest, TitlesTakeOneDepthFromAroundThem) {
  const cv::Mat titles = Find(true, 1.5);
  ASSERT_FALSE(titles.empty());
  MeasuredDepth depth{cv::Mat(180, 320, CV_32F, cv::Scalar(1)),
                      cv::Mat(180, 320, CV_32F, cv::Scalar(500)),
                      cv::Mat(180, 320, CV_32F, cv::Scalar(2))};
  depth.rho.setTo(0, titles);  // burnt in: never moves, so infinitely far
  const cv::Mat uncovered = UncoverTitles(titles, &depth);
  EXPECT_EQ(depth.own.at<float>(138, 160), 0);
  FillUncovered(uncovered, &depth);
  EXPECT_NEAR(depth.rho.at<float>(138, 160), 1, 0.05);
  EXPECT_GT(depth.weight.at<float>(138, 160), 0);
  cv::Mat rho = depth.rho.clone();
  for (int x = 0; x < 320; ++x) rho.col(x) += static_cast<float>(x) / 320;
  FlattenTitles(titles, &rho);
  EXPECT_EQ(rho.at<float>(138, 130), rho.at<float>(138, 200));
  EXPECT_NEAR(rho.at<float>(138, 160), 1.5, 0.2);
}

}  // namespace
}  // namespace stereofarm
