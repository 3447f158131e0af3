// reconcile_quality FOLDER [SHARD_FRAMES [OVERLAP]]: how well shards of a shot fit after reconcile.
//
// FOLDER holds a shot's true depth as EXR files (channel Z, metres). It's cut into shards, each
// turned by a scale of 0.5 to 2 and a shift, rounded to half floats as depth files are, without and
// with noise of its own; then the step at each seam is measured pixel by pixel, in percent of
// picture width at a budget of 2 %: as the shards are, chained from shard to shard by ordinary
// least squares, and reconciled.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "common/base/random.h"
#include "common/exr/exr.h"
#include "common/image/half.h"
#include "coordinator/planning/shard_plan.h"
#include "coordinator/reconcile/shot_solution.h"

namespace stereofarm {
namespace {

constexpr double kBudget = 2.0;

struct RawShard {
  Shard shard;
  std::vector<Image> frames;  // of shard.full
  const Image& At(int64_t frame) const {
    return frames[static_cast<size_t>(frame - shard.full.begin)];
  }
};

double Uniform(Random* random) { return static_cast<double>(random->Next() >> 11) * 0x1p-53; }

// Roughly normal, standard deviation 1.
double Normal(Random* random) {
  double sum = -6;
  for (int i = 0; i < 12; ++i) sum += Uniform(random);
  return sum;
}

absl::StatusOr<std::vector<Image>> ReadInverseDepth(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".exr") paths.push_back(entry.path());
  }
  if (error || paths.empty()) {
    return absl::NotFoundError("no EXR files in " + folder.string());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<Image> out;
  for (const auto& path : paths) {
    SF_ASSIGN_OR_RETURN(ExrImage exr, ReadExr(path));
    for (int y = 0; y < exr.image.height(); ++y) {
      float* row = exr.image.Row(0, y);
      for (int x = 0; x < exr.image.width(); ++x) row[x] = 1.0f / std::max(row[x], 1e-3f);
    }
    out.push_back(std::move(exr.image));
  }
  return out;
}

// `noise`: of the depth's spread, of blobs that move with neither picture nor neighbour.
RawShard Distort(const Shard& shard, const std::vector<Image>& truth, double noise,
                 Random* random) {
  RawShard out{.shard = shard};
  const double scale = std::exp2(2 * Uniform(random) - 1);
  const double shift = Uniform(random) - 0.5;
  const double px = 6.28 * Uniform(random);
  const double py = 6.28 * Uniform(random);
  for (int64_t f = shard.full.begin; f < shard.full.end; ++f) {
    Image frame = truth[static_cast<size_t>(f)].Clone();
    const double swing = 0.02 * noise * Normal(random);  // the frame's own level
    for (int y = 0; y < frame.height(); ++y) {
      float* row = frame.Row(0, y);
      for (int x = 0; x < frame.width(); ++x) {
        const double blobs =
            std::sin(0.05 * x + px + 0.1 * static_cast<double>(f)) * std::sin(0.07 * y + py);
        const double value = row[x] + noise * (blobs + Normal(random)) + swing;
        row[x] = static_cast<float>((value - shift) / scale);
      }
    }
    QuantizeToHalf(frame);
    out.frames.push_back(std::move(frame));
  }
  return out;
}

struct Alignment {
  double scale = 1;
  double shift = 0;
};

// What people do: fit each shard to the one before by least squares over the common pixels.
std::vector<Alignment> Chain(const std::vector<RawShard>& shards) {
  std::vector<Alignment> out(1);
  for (size_t i = 1; i < shards.size(); ++i) {
    double n = 0, a = 0, b = 0, bb = 0, ab = 0;
    const FrameRange common = shards[i - 1].shard.full.Intersect(shards[i].shard.full);
    for (int64_t f = common.begin; f < common.end; ++f) {
      const Image& left = shards[i - 1].At(f);
      const Image& right = shards[i].At(f);
      for (int y = 0; y < left.height(); ++y) {
        for (int x = 0; x < left.width(); ++x) {
          const double va = out.back().scale * left.Row(0, y)[x] + out.back().shift;
          const double vb = right.Row(0, y)[x];
          n += 1;
          a += va;
          b += vb;
          bb += vb * vb;
          ab += va * vb;
        }
      }
    }
    if (n == 0) {  // no common frames
      out.push_back(out.back());
      continue;
    }
    const double scale = (ab / n - a / n * (b / n)) / (bb / n - b / n * (b / n));
    out.push_back({scale, a / n - scale * b / n});
  }
  return out;
}

// 1st to 99th percentile of the aligned cores.
double RangeOf(const std::vector<RawShard>& shards, const std::vector<Alignment>& alignments) {
  std::vector<double> values;
  for (size_t i = 0; i < shards.size(); ++i) {
    for (int64_t f = shards[i].shard.core.begin; f < shards[i].shard.core.end; f += 4) {
      const Image& frame = shards[i].At(f);
      for (int y = 0; y < frame.height(); y += 4) {
        for (int x = 0; x < frame.width(); x += 4) {
          values.push_back(alignments[i].scale * frame.Row(0, y)[x] + alignments[i].shift);
        }
      }
    }
  }
  std::sort(values.begin(), values.end());
  return values[values.size() * 99 / 100] - values[values.size() / 100];
}

// Mean and worst frame's step in percent of width; `drift`: of the whole shot's scale from its
// first to its last shard, against the truth, in percent.
void Print(const char* name, const std::vector<RawShard>& shards,
           const std::vector<Alignment>& alignments, const std::vector<Image>& truth) {
  const double percent = kBudget / RangeOf(shards, alignments);
  double sum = 0;
  double worst = 0;
  int frames = 0;
  for (size_t i = 1; i < shards.size(); ++i) {
    const FrameRange common = shards[i - 1].shard.full.Intersect(shards[i].shard.full);
    for (int64_t f = common.begin; f < common.end; ++f) {
      const Image& left = shards[i - 1].At(f);
      const Image& right = shards[i].At(f);
      double step = 0;
      for (int y = 0; y < left.height(); ++y) {
        for (int x = 0; x < left.width(); ++x) {
          step += std::abs(alignments[i - 1].scale * left.Row(0, y)[x] + alignments[i - 1].shift -
                           alignments[i].scale * right.Row(0, y)[x] - alignments[i].shift);
        }
      }
      step *= percent / (static_cast<double>(left.width()) * left.height());
      sum += step;
      worst = std::max(worst, step);
      ++frames;
    }
  }
  // How much of the truth's scale each end has.
  const auto scale_of = [&](size_t i) {
    double n = 0, a = 0, b = 0, aa = 0, ab = 0;
    const int64_t f = (shards[i].shard.core.begin + shards[i].shard.core.end) / 2;
    const Image& raw = shards[i].At(f);
    const Image& real = truth[static_cast<size_t>(f)];
    for (int y = 0; y < raw.height(); ++y) {
      for (int x = 0; x < raw.width(); ++x) {
        const double va = real.Row(0, y)[x];
        const double vb = alignments[i].scale * raw.Row(0, y)[x] + alignments[i].shift;
        n += 1;
        a += va;
        b += vb;
        aa += va * va;
        ab += va * vb;
      }
    }
    return (ab / n - a / n * (b / n)) / (aa / n - a / n * (a / n));
  };
  std::printf("  %-22s mean %8.4f   worst frame %8.4f   scale first to last %+8.2f %%\n", name,
              sum / std::max(1, frames), worst,
              100 * (scale_of(shards.size() - 1) / scale_of(0) - 1));
}

absl::Status Run(const std::filesystem::path& folder, int shard_frames, int overlap) {
  SF_ASSIGN_OR_RETURN(const std::vector<Image> truth, ReadInverseDepth(folder));
  const auto plan = PlanShot({0, static_cast<int64_t>(truth.size())}, shard_frames, overlap);
  double sum = 0;
  double squares = 0;
  for (int y = 0; y < truth[0].height(); ++y) {
    for (int x = 0; x < truth[0].width(); ++x) {
      sum += truth[0].Row(0, y)[x];
      squares += static_cast<double>(truth[0].Row(0, y)[x]) * truth[0].Row(0, y)[x];
    }
  }
  const double n = static_cast<double>(truth[0].width()) * truth[0].height();
  const double spread = std::sqrt(squares / n - sum / n * (sum / n));
  std::printf("%zu frames, %zu shards, overlap %d; steps in percent of width at budget %.1f %%\n",
              truth.size(), plan.size(), overlap, kBudget);
  for (double noise : {0.0, 0.02, 0.1}) {
    const auto random = SeededRandom(17);
    std::vector<RawShard> shards;
    std::vector<ShardSamples> samples;
    for (const Shard& shard : plan) {
      shards.push_back(Distort(shard, truth, noise * spread, random.get()));
      ShardSamples reduced{.core = shard.core, .full = shard.full};
      for (int64_t f = shard.full.begin; f < shard.full.end; ++f) {
        if (KeepsSamples(shard, f)) reduced.frames.push_back(SampleFrame(f, shards.back().At(f)));
      }
      samples.push_back(std::move(reduced));
    }
    SF_ASSIGN_OR_RETURN(const ShotSolution solution,
                        SolveShot(samples, {.budget_percent = kBudget}));
    std::vector<Alignment> reconciled;
    for (const AlignedShard& shard : solution.shards) {
      reconciled.push_back({shard.scale, shard.shift});
    }
    std::printf("noise %.0f %% of the depth's spread\n", 100 * noise);
    Print("as they are", shards, std::vector<Alignment>(shards.size()), truth);
    Print("chained", shards, Chain(shards), truth);
    Print("reconciled", shards, reconciled, truth);
    double reported = 0;
    for (const SeamReport& seam : solution.seams) {
      reported = std::max(reported, seam.worst_percent);
    }
    std::printf("  %-22s                 worst frame %8.4f\n", "as reported", reported);
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace stereofarm

int main(int argc, char** argv) {
  if (argc < 2 || argc > 4) {
    std::fprintf(stderr, "usage: reconcile_quality FOLDER [SHARD_FRAMES [OVERLAP]]\n");
    return 2;
  }
  const int shard_frames = argc > 2 ? std::atoi(argv[2]) : 24;
  const int overlap = argc > 3 ? std::atoi(argv[3]) : 6;
  if (shard_frames < 1 || overlap < 0) {
    std::fprintf(stderr, "SHARD_FRAMES must be 1 or more, OVERLAP 0 or more\n");
    return 2;
  }
  const absl::Status status = stereofarm::Run(argv[1], shard_frames, overlap);
  if (!status.ok()) {
    std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
    return 3;
  }
  return 0;
}
