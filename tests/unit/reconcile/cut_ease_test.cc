#include "coordinator/reconcile/cut_ease.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "common/base/random.h"
#include "common/farm/job_settings.h"

namespace stereofarm {
namespace {

constexpr double kNothing = 1e-9;

double Uniform(Random* random) { return static_cast<double>(random->Next() >> 11) * 0x1p-53; }

CutDepth AnyDepth(Random* random) {
  std::array<double, 3> parts{};
  for (double& part : parts) part = 1.6 * Uniform(random) - 0.3;
  std::sort(parts.begin(), parts.end());
  return {parts[0], parts[1], parts[2]};
}

TEST(CutEaseTest, ASmallJumpIsLeftAlone) {
  const CutEase ease = EaseCut({0.1, 0.4, 0.8}, {0.2, 0.6, 0.95}, 0.25);
  EXPECT_EQ(ease.before, DepthEase());
  EXPECT_EQ(ease.after, DepthEase());
}

TEST(CutEaseTest, PicturesOfLikeDepthMeetHalfWayAsTheyAre) {
  const CutDepth near{0.6, 0.75, 0.9}, far{0.1, 0.25, 0.4};
  const CutEase ease = EaseCut(near, far, 0.1);
  EXPECT_NEAR(ease.before.scale, 1, 0.02);
  EXPECT_NEAR(ease.after.scale, 1, 0.02);
  EXPECT_NEAR(Turned(near, ease.before).middle - Turned(far, ease.after).middle, 0.1, 0.01);
  EXPECT_NEAR(near.middle - Turned(near, ease.before).middle,
              Turned(far, ease.after).middle - far.middle, 0.01);
}

TEST(CutEaseTest, ADeepPictureGetsFlatterBesideAFlatOne) {
  const CutEase ease = EaseCut({0.45, 0.5, 0.55}, {0.02, 0.5, 0.98}, 0.25);
  EXPECT_NEAR(ease.before.scale, 1, kNothing);
  EXPECT_NEAR(ease.before.shift, 0, kNothing);
  EXPECT_NEAR(ease.after.scale, 0.625, 1e-6);
  EXPECT_NEAR(Turned({0.02, 0.5, 0.98}, ease.after).middle, 0.5, 1e-6);
}

TEST(CutEaseTest, TheLimitHoldsAndNothingLeavesTheBudgetWhateverMeets) {
  const auto random = SeededRandom(5);
  int eased = 0;
  for (int i = 0; i < 400; ++i) {
    const CutDepth a = AnyDepth(random.get());
    const CutDepth b = AnyDepth(random.get());
    for (const double most : {kLeastCutJump, 0.1, 0.25, 0.5}) {
      const CutEase ease = EaseCut(a, b, most);
      eased += JumpOf(a, b) > most;
      EXPECT_LE(JumpOf(Turned(a, ease.before), Turned(b, ease.after)), most + kNothing)
          << i << " " << most;
      for (const auto& [depth, turn] : {std::pair(a, ease.before), std::pair(b, ease.after)}) {
        EXPECT_GT(turn.scale, 0);
        EXPECT_LE(turn.scale, 1);
        EXPECT_GE(Turned(depth, turn).far, std::min(depth.far, 0.0) - kNothing);
        EXPECT_LE(Turned(depth, turn).near, std::max(depth.near, 1.0) + kNothing);
      }
    }
  }
  EXPECT_GT(eased, 800);
}

TEST(CutEaseTest, BothSidesCountAlike) {
  const CutDepth a{0.05, 0.2, 0.9}, b{0.5, 0.8, 0.95};
  const CutEase ease = EaseCut(a, b, 0.1);
  const CutEase turned = EaseCut(b, a, 0.1);
  EXPECT_NEAR(ease.before.scale, turned.after.scale, kNothing);
  EXPECT_NEAR(ease.before.shift, turned.after.shift, kNothing);
  EXPECT_NEAR(ease.after.scale, turned.before.scale, kNothing);
}

// No other pair of turns that keeps to the limits changes the pictures less.
TEST(CutEaseTest, ItIsTheLeastChange) {
  const auto cost = [](const CutDepth& depth, const DepthEase& ease) {
    const CutDepth now = Turned(depth, ease);
    double sum = 4 * (1 - ease.scale) * (1 - ease.scale);
    for (const double move :
         {now.far - depth.far, now.middle - depth.middle, now.near - depth.near}) {
      sum += move * move;
    }
    return sum;
  };
  const CutDepth a{0.0, 0.1, 0.5}, b{0.3, 0.7, 1.0};
  const double most = 0.2;
  const CutEase best = EaseCut(a, b, most);
  const double least = cost(a, best.before) + cost(b, best.after);
  const auto random = SeededRandom(11);
  int kept = 0;
  for (int i = 0; i < 200000; ++i) {
    const auto near = [&](const DepthEase& ease) {
      return DepthEase{std::min(1.0, ease.scale + 0.2 * Uniform(random.get()) - 0.1),
                       ease.shift + 0.2 * Uniform(random.get()) - 0.1};
    };
    const DepthEase before = near(best.before), after = near(best.after);
    const CutDepth now = Turned(a, before), then = Turned(b, after);
    if (JumpOf(now, then) > most || now.far < 0 || then.near > 1) continue;
    ++kept;
    EXPECT_GE(cost(a, before) + cost(b, after), least - kNothing);
  }
  EXPECT_GT(kept, 100);
}

}  // namespace
}  // namespace stereofarm
