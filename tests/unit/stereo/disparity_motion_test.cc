#include "models/inpaint/disparity_motion.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "common/base/random.h"
#include "tests/unit/stereo/picture.h"

namespace stereofarm {
namespace {

constexpr int kWidth = 960;
constexpr int kHeight = 540;

// A camera before and after it turned and travelled, each with a scale and shift of displacement of
// its own.
struct Camera {
  double focal = 700;
  double turn = 0;                // about the upright axis, radians
  double travel[3] = {0, 0, 0};   // metres
  double scale = 80, shift = -9;  // of displacement: scale / depth + shift
};

SeenPoint See(const Camera& camera, double x, double y, double z) {
  const double c = std::cos(camera.turn), s = std::sin(camera.turn);
  const double tx = c * x - s * z - camera.travel[0], ty = y - camera.travel[1],
               tz = s * x + c * z - camera.travel[2];
  return {camera.focal * tx / tz + kWidth / 2.0, camera.focal * ty / tz + kHeight / 2.0,
          camera.scale / tz + camera.shift};
}

class DisparityMotionTest : public testing::Test {
 protected:
  float Between(float low, float high) { return RandomFloat(low, high, *random_); }

  PointPair Pair(const Camera& from, const Camera& to, double noise) {
    const double z = Between(4, 40);
    const double x = Between(-0.6f, 0.6f) * z, y = Between(-0.35f, 0.35f) * z;
    PointPair pair{See(from, x, y, z), See(to, x, y, z)};
    for (double* value : {&pair.to.x, &pair.to.y, &pair.to.d}) {
      *value += noise * (Between(-1, 1) + Between(-1, 1));
    }
    return pair;
  }

  // Largest error across the picture over new points of the scene.
  double WorstError(const MotionFit& fit, const Camera& from, const Camera& to) {
    double worst = 0;
    for (int i = 0; i < 200; ++i) {
      const PointPair pair = Pair(from, to, 0);
      const SeenPoint found = fit.motion.Apply(pair.from);
      worst = std::max({worst, std::abs(found.x - pair.to.x), std::abs(found.y - pair.to.y),
                        std::abs(found.d - pair.to.d)});
    }
    return worst;
  }

  const std::unique_ptr<Random> random_ = SeededRandom(7);
  const Camera before_;
  const Camera after_{.turn = 0.01, .travel = {0.2, -0.05, 0.3}, .scale = 95, .shift = -4};
};

TEST_F(DisparityMotionTest, RigidSceneIsFoundWhateverTheGauge) {
  std::vector<PointPair> pairs;
  for (int i = 0; i < 1000; ++i) pairs.push_back(Pair(before_, after_, 0.15));
  const MotionFit fit = FitDisparityMotion(pairs, kWidth, kHeight);
  EXPECT_GT(fit.agreeing, 0.98);
  EXPECT_LT(fit.residual_px, 0.25);
  EXPECT_LT(WorstError(fit, before_, after_), 0.2);
}

TEST_F(DisparityMotionTest, WhatMovesByItselfIsLeftOut) {
  Camera movers = after_;
  movers.travel[0] = -0.6;
  std::vector<PointPair> pairs;
  for (int i = 0; i < 1000; ++i) pairs.push_back(Pair(before_, i % 5 < 2 ? movers : after_, 0.15));
  const MotionFit fit = FitDisparityMotion(pairs, kWidth, kHeight);
  EXPECT_NEAR(fit.agreeing, 0.6, 0.05);
  EXPECT_LT(WorstError(fit, before_, after_), 0.3);
}

TEST_F(DisparityMotionTest, StillCameraIsTheIdentityInSpiteOfNoise) {
  std::vector<PointPair> pairs;
  for (int i = 0; i < 500; ++i) pairs.push_back(Pair(before_, before_, 0.1));
  const MotionFit fit = FitDisparityMotion(pairs, kWidth, kHeight);
  const SeenPoint found = fit.motion.Apply({123, 45, 6});
  EXPECT_DOUBLE_EQ(found.x, 123);
  EXPECT_DOUBLE_EQ(found.y, 45);
  EXPECT_DOUBLE_EQ(found.d, 6);
  EXPECT_GT(fit.agreeing, 0.98);
}

TEST_F(DisparityMotionTest, FlatSceneGetsAMotionThatStaysGentleOffThePlane) {
  std::vector<PointPair> pairs;
  for (int i = 0; i < 500; ++i) {
    const double x = Between(-8, 8), y = Between(-4, 4);
    PointPair pair{See(before_, x, y, 15), See(after_, x, y, 15)};
    pair.to.x += Between(-0.2f, 0.2f);
    pair.to.y += Between(-0.2f, 0.2f);
    pairs.push_back(pair);
  }
  const MotionFit fit = FitDisparityMotion(pairs, kWidth, kHeight);
  EXPECT_GT(fit.agreeing, 0.98);
  const SeenPoint plane = See(before_, 1, 1, 15), on = See(after_, 1, 1, 15);
  EXPECT_NEAR(fit.motion.Apply(plane).x, on.x, 0.2);
  const SeenPoint off = fit.motion.Apply({plane.x, plane.y, plane.d + 10});
  EXPECT_NEAR(off.x, on.x, 40);
  EXPECT_NEAR(off.y, on.y, 40);
}

TEST_F(DisparityMotionTest, ChaosAgreesOnLittle) {
  std::vector<PointPair> pairs;
  for (int i = 0; i < 500; ++i) {
    PointPair pair = Pair(before_, before_, 0);
    pair.to.x += Between(-60, 60);
    pair.to.y += Between(-60, 60);
    pairs.push_back(pair);
  }
  EXPECT_LT(FitDisparityMotion(pairs, kWidth, kHeight).agreeing, 0.2);
}

TEST_F(DisparityMotionTest, HandfulOfPairsAgreesOnNothing) {
  const std::vector<PointPair> pairs(11, Pair(before_, before_, 0));
  EXPECT_EQ(FitDisparityMotion(pairs, kWidth, kHeight).agreeing, 0);
  EXPECT_EQ(FitDisparityMotion({}, kWidth, kHeight).agreeing, 0);
}

TEST_F(DisparityMotionTest, MotionsChainAndTurnBack) {
  std::vector<PointPair> pairs;
  for (int i = 0; i < 300; ++i) pairs.push_back(Pair(before_, after_, 0));
  const DisparityMotion there = FitDisparityMotion(pairs, kWidth, kHeight).motion;
  const SeenPoint p{500, 200, 3}, back = there.Then(there.Inverse()).Apply(p);
  EXPECT_NEAR(back.x, p.x, 1e-6);
  EXPECT_NEAR(back.y, p.y, 1e-6);
  EXPECT_NEAR(back.d, p.d, 1e-6);
}

TEST_F(DisparityMotionTest, SamePairsGiveTheSameBits) {
  std::vector<PointPair> pairs;
  for (int i = 0; i < 300; ++i) pairs.push_back(Pair(before_, after_, 0.3));
  EXPECT_EQ(FitDisparityMotion(pairs, kWidth, kHeight).motion.rows(),
            FitDisparityMotion(pairs, kWidth, kHeight).motion.rows());
}

}  // namespace
}  // namespace stereofarm
