// Times what every frame of a film goes through between depth and encoder, on one core:
// depth at 640x360 to 1080p, the splat, and the fill of its holes.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/base/log.h"
#include "common/base/random.h"
#include "models/inpaint/create.h"
#include "models/stereo/anaglyph.h"
#include "models/stereo/depth_upsample.h"
#include "models/stereo/resample.h"
#include "models/stereo/splat.h"
#include "models/stereo/splatter.h"

namespace stereofarm {
namespace {

constexpr int kWidth = 1920;
constexpr int kHeight = 1080;

struct Scene {
  Image rgb;
  Image displacement;  // right eye, pixels
  WarpedFrame warped;
  Image small_depth;  // 640x360
};

// A slanted ground with discs in front of it, 2.3 % of the width from farthest to nearest,
// grain on everything. About 3 % of the warped eye are holes.
Scene MakeScene() {
  Scene scene{Image(kWidth, kHeight, 3), Image(kWidth, kHeight, 1), {}, Image(640, 360, 1)};
  const auto random = SeededRandom(1);
  const auto uniform = [&random] { return static_cast<float>(random->Next() >> 40) * 0x1p-24f; };
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      const float down = static_cast<float>(y) / kHeight;
      scene.displacement.Row(0, y)[x] = -22.0f + 12.0f * down + 0.004f * static_cast<float>(x);
      for (int c = 0; c < 3; ++c) scene.rgb.Row(c, y)[x] = 0.3f + 0.3f * down + 0.05f * uniform();
    }
  }
  for (int disc = 0; disc < 21; ++disc) {
    const float cx = uniform() * kWidth, cy = uniform() * kHeight, r = 30 + 70 * uniform();
    const float near = -8.0f + 30.0f * uniform(), colour[3] = {uniform(), uniform(), uniform()};
    for (int y = 0; y < kHeight; ++y) {
      for (int x = 0; x < kWidth; ++x) {
        const float dx = static_cast<float>(x) - cx, dy = static_cast<float>(y) - cy;
        if (dx * dx + dy * dy > r * r || near < scene.displacement.Row(0, y)[x]) continue;
        scene.displacement.Row(0, y)[x] = near;
        for (int c = 0; c < 3; ++c) scene.rgb.Row(c, y)[x] = 0.9f * colour[c] + 0.1f * uniform();
      }
    }
  }
  for (int y = 0; y < 360; ++y) {
    for (int x = 0; x < 640; ++x) {
      scene.small_depth.Row(0, y)[x] = scene.displacement.Row(0, 3 * y + 1)[3 * x + 1];
    }
  }
  Splat(scene.rgb, scene.displacement, true, &scene.warped);
  return scene;
}

const Scene& OneScene() {
  static const Scene scene = MakeScene();
  return scene;
}

void BM_Splat1080p(benchmark::State& state) {
  const Scene& scene = OneScene();
  WarpedFrame out;
  for (auto _ : state) Splat(scene.rgb, scene.displacement, true, &out);
  state.counters["fps"] =
      benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK(BM_Splat1080p)->Unit(benchmark::kMillisecond);

void BM_Resample1080p(benchmark::State& state, ResampleKernel kernel) {
  const Scene& scene = OneScene();
  WarpedFrame out = scene.warped.Clone();
  for (auto _ : state) Resample(scene.rgb, scene.displacement, kernel, &out);
}
BENCHMARK_CAPTURE(BM_Resample1080p, soft, ResampleKernel::kSoft)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_Resample1080p, bicubic, ResampleKernel::kBicubic)
    ->Unit(benchmark::kMillisecond);

// With the way of the picture to the device and back.
void BM_SplatOnGpu1080p(benchmark::State& state) {
  const auto splatter = CreateSplatter("cuda:0");
  if (!splatter.ok()) {
    state.SkipWithError(std::string(splatter.status().message()).c_str());
    return;
  }
  const Scene& scene = OneScene();
  WarpedFrame out;
  for (auto _ : state) {
    SF_CHECK((*splatter)->Splat(scene.rgb, scene.displacement, true, &out).ok());
  }
  state.counters["fps"] =
      benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK(BM_SplatOnGpu1080p)->Unit(benchmark::kMillisecond);

void BM_UpsampleDepth1080p(benchmark::State& state) {
  const Scene& scene = OneScene();
  for (auto _ : state) benchmark::DoNotOptimize(UpsampleDepth(scene.small_depth, scene.rgb));
}
BENCHMARK(BM_UpsampleDepth1080p)->Unit(benchmark::kMillisecond);

void Fill(benchmark::State& state, const char* name) {
  const Scene& scene = OneScene();
  const auto inpainter = CreateInpainter(name);
  SF_CHECK(inpainter.ok());
  std::vector<FilledFrame> done;
  int64_t next = 0;
  const auto push = [&] {
    InpaintFrame frame{.frame = next++,
                       .rgb = scene.rgb.Clone(),
                       .displacement = scene.displacement.Clone(),
                       .warped = scene.warped.Clone()};
    SF_CHECK((*inpainter)->Push(std::move(frame), &done).ok());
    done.clear();
  };
  for (int i = 0; i < 2 * (*inpainter)->window(); ++i) push();
  for (auto _ : state) push();
  double holes = 0;
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) holes += scene.warped.rgba.Row(3, y)[x] == 0;
  }
  state.counters["holes_percent"] = 100 * holes / (kWidth * kHeight);
}
BENCHMARK_CAPTURE(Fill, background_1080p, "background")
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Fill, stretch_1080p, "stretch")->Unit(benchmark::kMillisecond);

void BM_DuboisAnaglyph1080p(benchmark::State& state) {
  const Scene& scene = OneScene();
  Image out;
  for (auto _ : state) DuboisAnaglyph(scene.rgb, scene.warped.rgba, &out);
}
BENCHMARK(BM_DuboisAnaglyph1080p)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace stereofarm
