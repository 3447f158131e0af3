#include "models/depth/parallax_estimator.h"

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <numeric>

#include "tests/unit/depth/moving_scene.h"

namespace stereofarm {
namespace {

using FrameOf = std::function<Image(int frame)>;

std::vector<DepthResult> Estimate(ImageSize size, int begin, int end, const FrameOf& frame_of) {
  ParallaxEstimator estimator;
  EXPECT_TRUE(estimator.Begin(size).ok());
  std::vector<DepthResult> done;
  for (int t = begin; t < end; ++t) {
    DepthInput input;
    input.frame = t;
    input.rgb = frame_of(t);
    EXPECT_TRUE(estimator.Push(std::move(input), &done).ok());
  }
  EXPECT_TRUE(estimator.Finish(&done).ok());
  return done;
}

double MeanOfRows(const Image& image, int begin, int end) {
  double sum = 0;
  for (int y = begin; y < end; ++y) {
    sum = std::accumulate(image.Row(0, y), image.Row(0, y) + image.width(), sum);
  }
  return sum / ((end - begin) * image.width());
}

// One result for each frame, in order, everything positive and finite.
void ExpectSane(const std::vector<DepthResult>& results, int begin, int end, ImageSize size) {
  ASSERT_EQ(static_cast<int>(results.size()), end - begin);
  for (const DepthResult& result : results) {
    ASSERT_EQ(result.frame, begin++);
    ASSERT_EQ(result.inverse_depth.width(), size.width);
    ASSERT_EQ(result.inverse_depth.height(), size.height);
    ASSERT_TRUE(result.confidence.SameSize(result.inverse_depth));
    for (int y = 0; y < size.height; ++y) {
      for (int x = 0; x < size.width; ++x) {
        const float depth = result.inverse_depth.Row(0, y)[x];
        const float confidence = result.confidence.Row(0, y)[x];
        ASSERT_TRUE(depth > 0 && depth < 1e4f) << depth;
        ASSERT_TRUE(confidence >= 0 && confidence <= 1) << confidence;
      }
    }
  }
}

bool SameBytes(const Image& a, const Image& b) {
  if (!a.SameSize(b) || a.channels() != b.channels()) return false;
  for (int c = 0; c < a.channels(); ++c) {
    for (int y = 0; y < a.height(); ++y) {
      if (std::memcmp(a.Row(c, y), b.Row(c, y), sizeof(float) * static_cast<size_t>(a.width()))) {
        return false;
      }
    }
  }
  return true;
}

TEST(ParallaxEstimatorTest, PlanKeepsTheShapeAndBoundsTheSize) {
  const ParallaxEstimator estimator;
  EXPECT_EQ(estimator.Plan({1920, 1080})->input, (ImageSize{640, 360}));
  EXPECT_EQ(estimator.Plan({1920, 804})->input, (ImageSize{640, 268}));
  EXPECT_EQ(estimator.Plan({320, 180})->input, (ImageSize{320, 180}));
  EXPECT_EQ(estimator.Plan({5, 3})->input, (ImageSize{16, 16}));
  EXPECT_EQ(estimator.Plan({1920, 1080})->window, 20);
  const ImageSize upright = estimator.Plan({1080, 1920})->input;
  EXPECT_LE(upright.width * upright.height, 640 * 490);
  EXPECT_EQ(estimator.Plan({0, 10}).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ParallaxEstimatorTest, TravelRanksStripsByDepth) {
  const ImageSize size{320, 180};
  const auto results = Estimate(size, 0, 12, [&](int t) { return SidewaysFrame(320, 180, t); });
  ExpectSane(results, 0, 12, size);
  const int strip = 30;
  for (const DepthResult& result : results) {
    // Slow strips are far. Rows near the borders between strips are left out.
    const auto depth = [&](int i) {
      return MeanOfRows(result.inverse_depth, i * strip + 8, (i + 1) * strip - 8);
    };
    EXPECT_GT(depth(3), depth(1)) << result.frame;
    EXPECT_GT(depth(1), 1.3 * depth(4)) << result.frame;
    EXPECT_GT(depth(4), 1.1 * depth(2)) << result.frame;
    EXPECT_GT(depth(2), 1.2 * depth(0)) << result.frame;
    EXPECT_GT(depth(0), 1.1 * depth(5)) << result.frame;
    EXPECT_GT(MeanOfRows(result.confidence, 0, 180), 0.3) << result.frame;
  }
  ASSERT_TRUE(results[5].motion_to_next.has_value());
  EXPECT_EQ(results[5].motion_to_next->to_frame, 6);
  EXPECT_NEAR(results[5].flow_to_next.Row(0, 45)[160], -5, 0.5);
  EXPECT_TRUE(results[11].flow_to_next.empty());
}

TEST(ParallaxEstimatorTest, CameraRotationIsNotTravel) {
  const ImageSize size{320, 180};
  const auto results = Estimate(size, 0, 12, [&](int t) { return StillCropFrame(320, 180, t); });
  ExpectSane(results, 0, 12, size);
  for (const DepthResult& result : results) {
    EXPECT_EQ(MeanOfRows(result.confidence, 0, 180), 0);
    EXPECT_FALSE(result.motion_to_next.has_value());
    // The prior: below is nearer.
    EXPECT_GT(MeanOfRows(result.inverse_depth, 150, 180), MeanOfRows(result.inverse_depth, 0, 30));
  }
}

TEST(ParallaxEstimatorTest, WindowDecidesResult) {
  // Travel that is slow, stops, starts and is interrupted by a flash.
  const FrameOf frame_of = [](int t) {
    if (t == 37) return GreyImage(160, 90, 1);
    return SidewaysFrame(160, 90, t < 20 ? 0.1 * t : t < 25 ? 2 : t - 23);
  };
  const ImageSize size{160, 90};
  const auto whole = Estimate(size, 0, 70, frame_of);
  for (const auto& [begin, end] : {std::pair{12, 70}, std::pair{7, 58}, std::pair{19, 61}}) {
    const auto part = Estimate(size, begin, end, frame_of);
    const int first = begin + 20, last = end == 70 ? end : end - 20;
    for (int t = first; t < last; ++t) {
      const DepthResult& a = whole[static_cast<size_t>(t)];
      const DepthResult& b = part[static_cast<size_t>(t - begin)];
      ASSERT_EQ(b.frame, t);
      EXPECT_TRUE(SameBytes(a.inverse_depth, b.inverse_depth)) << begin << " " << t;
      EXPECT_TRUE(SameBytes(a.confidence, b.confidence)) << begin << " " << t;
      EXPECT_TRUE(SameBytes(a.flow_to_next, b.flow_to_next)) << begin << " " << t;
    }
  }
}

TEST(ParallaxEstimatorTest, SlowTravelIsMeasuredOverMoreFrames) {
  // A 24th of the strips' speeds: 0.02 to 0.25 pixels a frame.
  const ImageSize size{320, 180};
  const auto results =
      Estimate(size, 0, 40, [&](int t) { return SidewaysFrame(320, 180, t / 24.0); });
  const auto depth = [&](int i) {
    return MeanOfRows(results[20].inverse_depth, 30 * i + 8, 30 * i + 22);
  };
  EXPECT_GT(MeanOfRows(results[20].confidence, 0, 180), 0.2);
  EXPECT_GT(depth(3), 1.2 * depth(4));
  EXPECT_GT(depth(1), 1.2 * depth(2));
  EXPECT_GT(depth(4), 1.2 * depth(0));
}

TEST(ParallaxEstimatorTest, BeginForgetsTheLastStream) {
  const ImageSize size{160, 90};
  ParallaxEstimator estimator;
  std::vector<DepthResult> first, second;
  for (auto* done : {&first, &second}) {
    ASSERT_TRUE(estimator.Begin(size).ok());
    for (int t = 3; t < 9; ++t) {
      ASSERT_TRUE(estimator.Push({t, SidewaysFrame(160, 90, t)}, done).ok());
    }
    // The first stream is left without an end.
    if (done == &second) {
      ASSERT_TRUE(estimator.Finish(done).ok());
    }
  }
  const auto fresh = Estimate(size, 3, 9, [](int t) { return SidewaysFrame(160, 90, t); });
  ASSERT_EQ(second.size(), fresh.size());
  for (size_t i = 0; i < fresh.size(); ++i) {
    EXPECT_TRUE(SameBytes(second[i].inverse_depth, fresh[i].inverse_depth)) << i;
  }
}

TEST(ParallaxEstimatorTest, GaugeIsSteadyAlongTheShot) {
  const auto results =
      Estimate({320, 180}, 0, 24, [](int t) { return SidewaysFrame(320, 180, t); });
  for (size_t i = 1; i < results.size(); ++i) {
    for (int strip = 0; strip < 6; ++strip) {
      const int top = 30 * strip + 8;
      const double now = MeanOfRows(results[i].inverse_depth, top, top + 14);
      const double last = MeanOfRows(results[i - 1].inverse_depth, top, top + 14);
      EXPECT_NEAR(now / last, 1, 0.06) << i << " " << strip;
    }
  }
}

TEST(ParallaxEstimatorTest, FlashTakesItsNeighboursDepth) {
  const auto results = Estimate({320, 180}, 0, 13, [](int t) {
    return t == 6 ? GreyImage(320, 180, 1) : SidewaysFrame(320, 180, t);
  });
  ExpectSane(results, 0, 13, {320, 180});
  for (int strip = 0; strip < 6; ++strip) {
    const int top = 30 * strip + 8;
    EXPECT_NEAR(MeanOfRows(results[6].inverse_depth, top, top + 14) /
                    MeanOfRows(results[5].inverse_depth, top, top + 14),
                1, 0.15)
        << strip;
  }
}

TEST(ParallaxEstimatorTest, TinyPictures) {
  for (const ImageSize& size : {ImageSize{16, 16}, ImageSize{64, 16}, ImageSize{16, 40},
                                ImageSize{34, 34}, ImageSize{40, 640}}) {
    const auto results =
        Estimate(size, 0, 11, [&](int t) { return SidewaysFrame(size.width, size.height, t); });
    ExpectSane(results, 0, 11, size);
  }
}

TEST(ParallaxEstimatorTest, OneFrameShot) {
  const auto results = Estimate({160, 90}, 41, 42, [](int t) { return SidewaysFrame(160, 90, t); });
  ExpectSane(results, 41, 42, {160, 90});
  EXPECT_EQ(MeanOfRows(results[0].confidence, 0, 90), 0);
}

TEST(ParallaxEstimatorTest, EmptyStream) {
  EXPECT_TRUE(Estimate({160, 90}, 0, 0, [](int) { return Image(); }).empty());
}

TEST(ParallaxEstimatorTest, BlackAndWhiteFrames) {
  for (const float value : {0.0f, 1.0f}) {
    const auto results = Estimate({160, 90}, 0, 10, [&](int) { return GreyImage(160, 90, value); });
    ExpectSane(results, 0, 10, {160, 90});
    EXPECT_GT(MeanOfRows(results[5].inverse_depth, 80, 90),
              MeanOfRows(results[5].inverse_depth, 0, 10));
    EXPECT_LT(MeanOfRows(results[5].inverse_depth, 80, 90), 4);
  }
}

TEST(ParallaxEstimatorTest, ACutWithinIsSurvived) {
  const auto results = Estimate({160, 90}, 0, 16, [](int t) {
    return t < 8 ? SidewaysFrame(160, 90, t) : StillCropFrame(160, 90, t);
  });
  ExpectSane(results, 0, 16, {160, 90});
}

TEST(ParallaxEstimatorTest, RefusesWhatItCannotTake) {
  ParallaxEstimator estimator;
  std::vector<DepthResult> done;
  EXPECT_FALSE(estimator.Push({0, GreyImage(160, 90, 0)}, &done).ok());
  ASSERT_TRUE(estimator.Begin({160, 90}).ok());
  EXPECT_FALSE(estimator.Push({0, GreyImage(80, 90, 0)}, &done).ok());
  ASSERT_TRUE(estimator.Push({0, GreyImage(160, 90, 0)}, &done).ok());
  EXPECT_FALSE(estimator.Push({2, GreyImage(160, 90, 0)}, &done).ok());
}

}  // namespace
}  // namespace stereofarm
