#include "models/depth/parallax_movers.h"

#include <gtest/gtest.h>

namespace stereofarm {
namespace {

constexpr int kWidth = 320, kHeight = 180;
constexpr GroundPlane kGround = {1 / 60.0, 0, -1};  // horizon at row 60

// A plain street under a far sky, measured well; things stand on it as the tests ask.
struct Street {
  MeasuredDepth depth{cv::Mat(kHeight, kWidth, CV_32F), cv::Mat(kHeight, kWidth, CV_32F),
                      cv::Mat::zeros(kHeight, kWidth, CV_32F)};
  std::vector<cv::Mat> rgb;

  Street() {
    depth.weight.setTo(2000);
    for (int y = 0; y < kHeight; ++y) {
      depth.rho.row(y).setTo(std::max(0.1, kGround.At(0, y)));
    }
    for (int c = 0; c < 3; ++c) rgb.push_back(cv::Mat(kHeight, kWidth, CV_32F, cv::Scalar(0.3)));
  }
  void Put(const cv::Rect& where, double rho) {
    depth.rho(where).setTo(rho);
    for (cv::Mat& plane : rgb) plane(where).setTo(0.8);
  }
  Movers Find() const { return FindMovers(rgb, kGround, depth); }
};

void ExpectStandsAt(const Movers& movers, const cv::Point& where, double depth) {
  ASSERT_FALSE(movers.empty());
  EXPECT_GT(movers.share.at<float>(where), 0.9);
  EXPECT_NEAR(movers.depth.at<float>(where), depth, 0.1 * depth);
}

TEST(ParallaxMoversTest, PicturesMayBeAFewPixelsWide) {
  MeasuredDepth depth{cv::Mat::ones(640, 40, CV_32F), cv::Mat(640, 40, CV_32F, cv::Scalar(2000)),
                      cv::Mat::zeros(640, 40, CV_32F)};
  const std::vector<cv::Mat> rgb(3, cv::Mat(640, 40, CV_32F, cv::Scalar(0.3)));
  const Movers movers = FindMovers(rgb, {1 / 200.0, 0, -1}, depth);
  ASSERT_FALSE(movers.empty());
  EXPECT_EQ(movers.share.size(), cv::Size(40, 640));
}

TEST(ParallaxMoversTest, NothingMovesInAStillStreet) {
  Street street;
  EXPECT_TRUE(street.Find().empty());
  // A tree whose crown hangs over the street and whose trunk stands on it.
  const double standing = kGround.At(0, 150);
  street.Put(cv::Rect(110, 20, 100, 70), standing);
  street.Put(cv::Rect(150, 90, 20, 60), standing);
  EXPECT_TRUE(street.Find().empty());
}

TEST(ParallaxMoversTest, WhoWalksWithTheCameraStandsOnTheGround) {
  Street street;
  street.Put(cv::Rect(140, 50, 40, 100), 0);
  const Movers movers = street.Find();
  for (const int y : {60, 100, 140}) {
    ExpectStandsAt(movers, {160, y}, kGround.At(0, 150));
  }
  EXPECT_LT(movers.share.at<float>(100, 60), 0.1);
  EXPECT_LT(movers.share.at<float>(20, 160), 0.1);
}

TEST(ParallaxMoversTest, WhatComesTowardsTheCameraStandsOnTheGround) {
  Street street;
  street.Put(cv::Rect(140, 80, 60, 40), 1.8 * kGround.At(0, 120));
  const Movers movers = street.Find();
  ExpectStandsAt(movers, {170, 100}, kGround.At(0, 120));
  EXPECT_LT(movers.share.at<float>(100, 60), 0.1);
}

TEST(ParallaxMoversTest, WhatLeavesItsEpipolarLineStandsOnTheGround) {
  Street street;
  street.Put(cv::Rect(140, 70, 40, 60), 0.9);
  street.depth.own(cv::Rect(140, 70, 40, 60)).setTo(3);
  ExpectStandsAt(street.Find(), {160, 100}, kGround.At(0, 130));
}

TEST(ParallaxMoversTest, DoubtfulMeasurementsMakeNoMovers) {
  Street street;
  street.Put(cv::Rect(140, 70, 40, 60), 0.9);
  street.depth.own(cv::Rect(140, 70, 40, 60)).setTo(3);
  street.depth.weight.setTo(30);
  EXPECT_TRUE(street.Find().empty());
}

TEST(ParallaxMoversTest, APictureFullOfMotionIsNotUnderstood) {
  Street street;
  street.depth.own(cv::Rect(0, 40, kWidth, 120)).setTo(3);
  for (int x = 0; x < kWidth; x += 64) street.depth.own(cv::Rect(x, 0, 8, kHeight)).setTo(0);
  const Movers movers = street.Find();
  EXPECT_TRUE(movers.empty() || cv::norm(movers.share, cv::NORM_INF) == 0);
}

}  // namespace
}  // namespace stereofarm
