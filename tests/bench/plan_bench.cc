// Planning and reconcile: what the coordinator does by itself, on one core.
#include <benchmark/benchmark.h>

#include <cmath>
#include <vector>

#include "common/base/random.h"
#include "common/farm/cut_features.h"
#include "coordinator/planning/cut_detector.h"
#include "coordinator/planning/shard_plan.h"
#include "coordinator/reconcile/shot_solution.h"

namespace stereofarm {
namespace {

Image Texture(int width, int height, int channels, uint64_t seed, double shift) {
  const auto random = SeededRandom(seed);
  double phase[3];
  for (double& p : phase) p = static_cast<double>(random->Next() % 628) / 100;
  Image out(width, height, channels);
  for (int c = 0; c < channels; ++c) {
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        const double u = (x + shift) * 160.0 / width;
        const double v = y * 90.0 / height;
        const double value = 0.5 + 0.2 * std::sin(0.11 * u + phase[0] + c) * std::sin(0.17 * v) +
                             0.2 * std::sin(0.31 * u + 0.23 * v + phase[1]) +
                             0.05 * std::sin(1.1 * u - 0.7 * v + phase[2]);
        out.Row(c, y)[x] = static_cast<float>(value);
      }
    }
  }
  return out;
}

void CutFeaturesOfAFrame(benchmark::State& state) {
  const Image even = Texture(kCutWidth, kCutHeight, 3, 1, 0);
  const Image odd = Texture(kCutWidth, kCutHeight, 3, 1, 2);
  CutAnalyzer analyzer;
  int64_t frame = 0;
  for (auto _ : state) benchmark::DoNotOptimize(analyzer.Next(frame++ % 2 == 0 ? even : odd));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(CutFeaturesOfAFrame)->Unit(benchmark::kMillisecond);

// 20,000 frames, a cut every 100, in ranges of 500; items: frames.
void CutsOfAFilm(benchmark::State& state) {
  constexpr int64_t kFrames = 20000;
  std::vector<CutFeatures> features;
  CutAnalyzer analyzer;
  for (int t = 0; t < 200; ++t) {
    features.push_back(
        analyzer.Next(Texture(kCutWidth, kCutHeight, 3, static_cast<uint64_t>(t / 100), 0.5 * t)));
  }
  while (features.size() < kFrames) features.push_back(features[features.size() - 200]);
  for (auto _ : state) {
    CutDetector detector(kFrames);
    for (const FrameRange& range : PlanScan(kFrames, 500)) {
      const auto part = std::span(features).subspan(static_cast<size_t>(range.begin),
                                                    static_cast<size_t>(range.size()));
      if (!detector.Add(range, part).ok()) state.SkipWithError("refused");
    }
    benchmark::DoNotOptimize(detector.Cuts());
  }
  state.SetItemsProcessed(state.iterations() * kFrames);
}
BENCHMARK(CutsOfAFilm)->Unit(benchmark::kMillisecond);

// A million frames in shots of 100.
void PlanAMillionFrames(benchmark::State& state) {
  for (auto _ : state) {
    for (int64_t begin = 0; begin < 1000000; begin += 100) {
      benchmark::DoNotOptimize(PlanShot({begin, begin + 100}, 24, 6));
    }
  }
}
BENCHMARK(PlanAMillionFrames)->Unit(benchmark::kMillisecond);

ShardSamples SamplesOf(const Shard& shard, double scale) {
  ShardSamples out{.core = shard.core, .full = shard.full};
  for (int64_t f = shard.full.begin; f < shard.full.end; ++f) {
    if (!KeepsSamples(shard, f)) continue;
    Image depth = Texture(128, 72, 1, 3, static_cast<double>(f));
    for (int y = 0; y < depth.height(); ++y) {
      for (int x = 0; x < depth.width(); ++x) {
        depth.Row(0, y)[x] = static_cast<float>(depth.Row(0, y)[x] * scale);
      }
    }
    out.frames.push_back(SampleFrame(f, depth));
  }
  return out;
}

void SamplesOfAFrame(benchmark::State& state) {
  const Image depth = Texture(960, 540, 1, 3, 0);
  for (auto _ : state) benchmark::DoNotOptimize(SampleFrame(0, depth));
}
BENCHMARK(SamplesOfAFrame)->Unit(benchmark::kMillisecond);

// Two neighbours with 12 common frames.
void ReduceASeam(benchmark::State& state) {
  const auto shards = PlanShot({0, 192}, 96, 6);
  const ShardSamples left = SamplesOf(shards[0], 1.0);
  const ShardSamples right = SamplesOf(shards[1], 1.7);
  for (auto _ : state) benchmark::DoNotOptimize(ReduceSeam(left, right));
}
BENCHMARK(ReduceASeam)->Unit(benchmark::kMillisecond);

void DigestAShard(benchmark::State& state) {
  const ShardSamples samples = SamplesOf(PlanShot({0, 192}, 96, 6)[0], 1.0);
  for (auto _ : state) benchmark::DoNotOptimize(DigestShard(samples));
}
BENCHMARK(DigestAShard)->Unit(benchmark::kMillisecond);

// From digests and seams, as they are when the last shard has come in.
void SolveAShot(benchmark::State& state) {
  const auto count = static_cast<size_t>(state.range(0));
  const auto two = PlanShot({0, 48}, 24, 6);
  const ShardSamples left = SamplesOf(two[0], 1.0);
  const Seam seam = ReduceSeam(left, SamplesOf(two[1], 1.01));
  std::vector<ShardDigest> digests(count, DigestShard(left));
  const auto shards = PlanShot({0, state.range(0) * 24}, 24, 6);
  for (size_t i = 0; i < count; ++i) {
    digests[i].core = shards[i].core;
    digests[i].full = shards[i].full;
  }
  const std::vector<Seam> seams(count - 1, seam);
  for (auto _ : state) benchmark::DoNotOptimize(SolveShot(digests, seams));
}
BENCHMARK(SolveAShot)->Arg(100)->Arg(10000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace stereofarm
