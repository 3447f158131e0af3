// Times a frame's depth at 640x360 (what a film of 1080p is brought to) on one core, with a camera
// that travels and with one that stands still, and the parts that it's made of.
#include <benchmark/benchmark.h>

#include <cmath>
#include <memory>
#include <opencv2/core.hpp>
#include <vector>

#include "common/base/log.h"
#include "models/depth/edge_smoother.h"
#include "models/depth/parallax_egomotion.h"
#include "models/depth/parallax_estimator.h"
#include "models/flow/dense_flow.h"
#include "models/flow/prepare_opencv.h"

namespace stereofarm {
namespace {

constexpr int kWidth = 640;
constexpr int kHeight = 360;

// Rows at their own distances slide by as the camera travels.
Image MakeFrame(int frame, double speed) {
  Image rgb(kWidth, kHeight, 3);
  for (int y = 0; y < kHeight; ++y) {
    const double near = 1 + 4 * std::abs(std::sin(0.02 * y)) + 4.0 * y / kHeight;
    for (int x = 0; x < kWidth; ++x) {
      const double u = x + near * speed * frame;
      const double v = 0.5 + 0.15 * std::sin(0.21 * u + 0.3 * std::sin(0.11 * y)) +
                       0.15 * std::sin(0.13 * y + 2 * std::sin(0.043 * u)) +
                       0.1 * std::sin(0.57 * u + 0.31 * y);
      for (int c = 0; c < 3; ++c) rgb.Row(c, y)[x] = static_cast<float>(v - 0.05 * c);
    }
  }
  return rgb;
}

cv::Mat GreyOf(const Image& rgb) {
  cv::Mat grey(kHeight, kWidth, CV_8U);
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      grey.at<uint8_t>(y, x) = static_cast<uint8_t>(255 * rgb.Row(1, y)[x]);
    }
  }
  return grey;
}

// state.range(0): percent of a pixel a frame that the far end travels.
void BM_ParallaxFrame(benchmark::State& state) {
  constexpr int kFrames = 16;
  std::vector<Image> frames;
  for (int t = 0; t < kFrames; ++t) {
    frames.push_back(MakeFrame(t, 0.01 * static_cast<double>(state.range(0))));
  }
  ParallaxEstimator estimator;
  std::vector<DepthResult> done;
  SF_CHECK(estimator.Begin({1920, 1080}).ok());
  int64_t pushed = 0;
  const auto push = [&] {
    // To and fro, so that no cut is seen.
    const int64_t phase = pushed % (2 * kFrames - 2);
    const size_t frame = static_cast<size_t>(phase < kFrames ? phase : 2 * kFrames - 2 - phase);
    SF_CHECK(estimator.Push({pushed++, frames[frame].Clone()}, &done).ok());
    done.clear();
  };
  for (int i = 0; i < 2 * ParallaxEstimator::kReach + 1; ++i) push();
  for (auto _ : state) push();
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_ParallaxFrame)->Arg(0)->Arg(50)->Unit(benchmark::kMillisecond);

void BM_DenseFlowPair(benchmark::State& state) {
  PrepareOpenCv();
  const cv::Mat a = GreyOf(MakeFrame(0, 1)), b = GreyOf(MakeFrame(1, 1));
  DenseFlow flow;
  for (auto _ : state) benchmark::DoNotOptimize(flow.Between(a, b));
}
BENCHMARK(BM_DenseFlowPair)->Unit(benchmark::kMillisecond);

void BM_ParallaxEgomotion(benchmark::State& state) {
  PrepareOpenCv();
  DenseFlow flow;
  const FlowPair pair = flow.Between(GreyOf(MakeFrame(0, 1)), GreyOf(MakeFrame(1, 1)));
  for (auto _ : state) benchmark::DoNotOptimize(MeasureMotion(pair));
}
BENCHMARK(BM_ParallaxEgomotion)->Unit(benchmark::kMillisecond);

void BM_EdgeSmoother(benchmark::State& state) {
  Image rgb = MakeFrame(0, 1);
  std::vector<cv::Mat> guide;
  for (int c = 0; c < 3; ++c) {
    guide.emplace_back(kHeight, kWidth, CV_32F, rgb.Plane(c),
                       static_cast<size_t>(rgb.stride()) * sizeof(float));
  }
  cv::Mat a = guide[0].clone(), b = guide[1].clone();
  for (auto _ : state) EdgeSmoother(guide, 100, 5.0f / 255).Smooth({&a, &b});
}
BENCHMARK(BM_EdgeSmoother)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace stereofarm
