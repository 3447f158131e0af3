#include "models/depth/depth_stabiliser.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <random>
#include <vector>

#include "models/depth/stabilised_estimator.h"
#include "tests/unit/depth/moving_scene.h"

namespace stereofarm {
namespace {

constexpr int kWidth = 240, kHeight = 136;

// The scene's own depth: nearer strips travel faster.
Image TrueDepth() {
  Image depth(kWidth, kHeight, 1);
  const size_t strips = StripSpeeds().size();
  for (int y = 0; y < kHeight; ++y) {
    const size_t strip = std::min(strips - 1, static_cast<size_t>(y) * strips / kHeight);
    std::fill_n(depth.Row(0, y), kWidth, static_cast<float>(StripSpeeds()[strip]));
  }
  return depth;
}

Image Guide(int frame) { return DepthStabiliser::Guide(SidewaysFrame(kWidth, kHeight, frame)); }

// Frame by frame another scale and shift, and noise.
DepthResult Restless(int frame) {
  std::mt19937 random(static_cast<uint32_t>(100 + frame));
  std::normal_distribution<float> normal;
  const float scale = std::exp(0.1f * normal(random)), shift = 0.3f * normal(random);
  DepthResult result;
  result.frame = frame;
  result.inverse_depth = TrueDepth();
  for (int y = 0; y < kHeight; ++y) {
    float* row = result.inverse_depth.Row(0, y);
    for (int x = 0; x < kWidth; ++x) row[x] = row[x] * scale + shift + 0.05f * normal(random);
  }
  return result;
}

std::vector<DepthResult> Filtered(int begin, int end) {
  DepthStabiliser stabiliser;
  std::vector<DepthResult> done;
  stabiliser.Begin();
  for (int i = begin; i < end; ++i) stabiliser.Push(Guide(i), Restless(i), &done);
  stabiliser.Finish(&done);
  return done;
}

// Mean change of the picture's depth from frame to frame; strips keep their place.
double Change(const std::vector<DepthResult>& frames) {
  double sum = 0;
  int64_t count = 0;
  for (size_t i = 0; i + 1 < frames.size(); ++i) {
    for (int y = 0; y < kHeight; ++y) {
      for (int x = 0; x < kWidth; ++x, ++count) {
        sum += std::abs(frames[i + 1].inverse_depth.Row(0, y)[x] -
                        frames[i].inverse_depth.Row(0, y)[x]);
      }
    }
  }
  return sum / static_cast<double>(count);
}

TEST(DepthStabiliserTest, TakesBreathingAndNoiseOut) {
  std::vector<DepthResult> before;
  for (int i = 0; i < 20; ++i) before.push_back(Restless(i));
  const std::vector<DepthResult> after = Filtered(0, 20);
  ASSERT_EQ(after.size(), 20u);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(after[static_cast<size_t>(i)].frame, i);
  EXPECT_LT(Change(after), Change(before) / 4) << Change(before);
}

TEST(DepthStabiliserTest, KeepsTheStepsBetweenDepths) {
  const std::vector<DepthResult> after = Filtered(0, 20);
  const Image truth = TrueDepth();
  // Across each border between strips the step is as high as before, on the row where it was.
  for (int y = 1; y < kHeight; ++y) {
    const float step = truth.Row(0, y)[0] - truth.Row(0, y - 1)[0];
    if (std::abs(step) < 1) continue;
    double got = 0;
    for (int x = 20; x < kWidth - 20; ++x) {
      got += after[10].inverse_depth.Row(0, y)[x] - after[10].inverse_depth.Row(0, y - 1)[x];
    }
    got /= kWidth - 40;
    EXPECT_NEAR(got / step, 1, 0.15) << "row " << y;
  }
}

TEST(DepthStabiliserTest, AFramesDepthDependsOnItsWindowAlone) {
  constexpr int kWindow = DepthStabiliser::kWindow;
  const std::vector<DepthResult> all = Filtered(0, 2 * kWindow + 12);
  const std::vector<DepthResult> part = Filtered(5, 5 + 2 * kWindow + 1);
  const Image& a = all[5 + kWindow].inverse_depth;
  const Image& b = part[kWindow].inverse_depth;
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) ASSERT_EQ(a.Row(0, y)[x], b.Row(0, y)[x]) << x << ", " << y;
  }
}

TEST(DepthStabiliserTest, FramesThatHaveNothingInCommonStayAsTheyWere) {
  DepthStabiliser stabiliser;
  std::vector<DepthResult> done;
  stabiliser.Begin();
  const Image depths[] = {TrueDepth(), TrueDepth(), TrueDepth()};
  for (int i = 0; i < 3; ++i) {
    DepthResult result;
    result.frame = i;
    result.inverse_depth = depths[i].Clone();
    const float sign = i == 1 ? -1.0f : 1.0f;
    for (int y = 0; y < kHeight; ++y) {
      for (int x = 0; x < kWidth; ++x) result.inverse_depth.Row(0, y)[x] *= sign;
    }
    stabiliser.Push(Guide(3 * i), std::move(result), &done);
  }
  stabiliser.Finish(&done);
  ASSERT_EQ(done.size(), 3u);
  EXPECT_NEAR(done[0].inverse_depth.Row(0, 4)[100], depths[0].Row(0, 4)[100], 1e-3);
  EXPECT_NEAR(done[1].inverse_depth.Row(0, 4)[100], -depths[0].Row(0, 4)[100], 1e-3);
}

// Gives each frame the restless depth, two frames late.
class LateEstimator : public DepthEstimator {
 public:
  absl::StatusOr<DepthPlan> Plan(ImageSize) const override {
    DepthPlan plan;
    plan.input = plan.output = {kWidth, kHeight};
    plan.window = 3;
    return plan;
  }
  absl::Status Begin(ImageSize) override { return absl::OkStatus(); }
  absl::Status Push(DepthInput frame, std::vector<DepthResult>* done) override {
    last_ = frame.frame;
    if (next_ + 2 <= last_) done->push_back(Restless(static_cast<int>(next_++)));
    return absl::OkStatus();
  }
  absl::Status Finish(std::vector<DepthResult>* done) override {
    while (next_ <= last_) done->push_back(Restless(static_cast<int>(next_++)));
    return absl::OkStatus();
  }
  std::string Id() const override { return "late/1"; }

 private:
  int64_t next_ = 0, last_ = 0;
};

TEST(StabilisedEstimatorTest, FiltersWhatTheInnerOneGives) {
  const std::unique_ptr<DepthEstimator> estimator = Stabilised(std::make_unique<LateEstimator>());
  EXPECT_EQ(estimator->Id(), "late/1+stable/1");
  const auto plan = estimator->Plan({kWidth, kHeight});
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->window, 3 + DepthStabiliser::kWindow);
  std::vector<DepthResult> done;
  ASSERT_TRUE(estimator->Begin({kWidth, kHeight}).ok());
  for (int i = 0; i < 14; ++i) {
    ASSERT_TRUE(estimator->Push({i, SidewaysFrame(kWidth, kHeight, i)}, &done).ok());
  }
  ASSERT_TRUE(estimator->Finish(&done).ok());
  const std::vector<DepthResult> wanted = Filtered(0, 14);
  ASSERT_EQ(done.size(), wanted.size());
  for (size_t i = 0; i < done.size(); ++i) {
    EXPECT_EQ(done[i].frame, wanted[i].frame);
    EXPECT_EQ(done[i].inverse_depth.Row(0, 30)[50], wanted[i].inverse_depth.Row(0, 30)[50]);
  }
}

}  // namespace
}  // namespace stereofarm
