#include "tests/unit/reconcile/made_depth.h"

#include <algorithm>
#include <cmath>

#include "common/base/random.h"
#include "common/image/half.h"

namespace stereofarm {
namespace {

double Uniform(Random* random) { return static_cast<double>(random->Next() >> 11) * 0x1p-53; }

double Normal(Random* random) {
  double sum = -6;
  for (int i = 0; i < 12; ++i) sum += Uniform(random);
  return sum;
}

}  // namespace

Image TrueDepth(int64_t frame, int width, int height) {
  Image out(width, height, 1);
  const double t = static_cast<double>(frame);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double u = static_cast<double>(x) / width;
      const double v = static_cast<double>(y) / height;
      double depth = 0.1 + 0.4 * v * v;
      const double dx = u - 0.5 - 0.3 * std::sin(0.02 * t);
      const double dy = v - 0.6;
      if (dx * dx + dy * dy < 0.04) depth = 0.6 + 0.1 * std::sin(0.05 * t);
      if (u > 0.85 + 0.1 * std::sin(0.03 * t + 2)) depth = 0.9;
      out.Row(0, y)[x] = static_cast<float>(depth);
    }
  }
  return out;
}

ShardSamples MakeSamples(const Shard& shard, const Distortion& distortion, uint64_t seed) {
  const auto random = SeededRandom(seed);
  ShardSamples out{.core = shard.core, .full = shard.full};
  for (int64_t f = shard.full.begin; f < shard.full.end; ++f) {
    if (!KeepsSamples(shard, f)) continue;
    Image frame = TrueDepth(f);
    const double part =
        (static_cast<double>(f - shard.full.begin) + 0.5) / static_cast<double>(shard.full.size());
    const double scale = distortion.scale * std::exp(distortion.drift * (part - 0.5) +
                                                     distortion.bend * 4 * part * (1 - part));
    // The wrong region moves, and is wrong in its own way in each shard.
    const double from = 0.5 + 0.3 * std::sin(0.2 * static_cast<double>(f));
    for (int y = 0; y < frame.height(); ++y) {
      float* row = frame.Row(0, y);
      for (int x = 0; x < frame.width(); ++x) {
        double value = row[x] + distortion.noise * Normal(random.get());
        const double u = static_cast<double>(x) / frame.width() - from;
        if (u - std::floor(u) < distortion.outliers) value = 1.5 * Uniform(random.get()) - 0.3;
        row[x] = static_cast<float>((value - distortion.shift) / scale);
      }
    }
    if (distortion.half_floats) QuantizeToHalf(frame);
    out.frames.push_back(SampleFrame(f, frame));
  }
  return out;
}

ShardSamples MakeSkeleton(const FrameRange& shot, const std::vector<int64_t>& frames, double noise,
                          uint64_t seed) {
  const auto random = SeededRandom(seed);
  ShardSamples out{.core = shot, .full = shot};
  for (const int64_t f : frames) {
    Image frame = TrueDepth(f);
    for (int y = 0; y < frame.height(); ++y) {
      for (int x = 0; x < frame.width(); ++x) {
        frame.Row(0, y)[x] += static_cast<float>(noise * Normal(random.get()));
      }
    }
    out.frames.push_back(SampleFrame(f, frame));
  }
  return out;
}

ShardSamples FlatSamples(const Shard& shard, float value) {
  ShardSamples out{.core = shard.core, .full = shard.full};
  Image frame(64, 36, 1);
  frame.Fill(value);
  for (int64_t f = shard.full.begin; f < shard.full.end; ++f) {
    if (KeepsSamples(shard, f)) out.frames.push_back(SampleFrame(f, frame));
  }
  return out;
}

double WorstStep(const std::vector<AlignedShard>& aligned, const std::vector<Distortion>& done) {
  // The overall gain and offset that reconcile is free to choose, from the first shard.
  const Alignment first = aligned[0].At((aligned[0].core.begin + aligned[0].core.end) / 2);
  const double gain = first.scale / done[0].scale;
  double worst = 0;
  for (size_t i = 1; i < aligned.size(); ++i) {
    double sum = 0;
    int n = 0;
    for (int64_t f = aligned[i].core.begin - 2; f < aligned[i].core.begin + 2; ++f) {
      const Image truth = TrueDepth(f, 32, 18);
      for (int y = 0; y < 18; ++y) {
        for (int x = 0; x < 32; ++x) {
          const double depth = truth.Row(0, y)[x];
          const auto shown = [&](size_t k) {
            const double raw = (depth - done[k].shift) / done[k].scale;
            const Alignment alignment = aligned[k].At(f);
            return alignment.scale * raw + alignment.shift;
          };
          sum += std::abs(shown(i) - shown(i - 1)) / gain;
          ++n;
        }
      }
    }
    worst = std::max(worst, sum / n);
  }
  return worst;
}

}  // namespace stereofarm
