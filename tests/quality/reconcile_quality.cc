// reconcile_quality FOLDER [SHARD_FRAMES [OVERLAP [FRAMES]]]: how well shards of a shot fit after
// reconcile.
//
// FOLDER holds a shot's true depth as EXR files (channel Z, metres); the shot runs to its end and
// back again until it has FRAMES frames. It's cut into shards, each turned by a scale of 0.5 to 2
// and a shift, rounded to half floats as depth files are: without and with noise of its own,
// without and with drift of its own inside of the shard. Then the step at each seam is measured
// pixel by pixel, in percent of picture width at a budget of 2 %, and how much of the shot's scale
// is lost on the way, against the truth: as the shards are, chained from shard to shard by ordinary
// least squares, and reconciled, with constant alignments as a comparison, without and with a
// skeleton.
//
// reconcile_quality --synthetic SHARDS: time and memory of the solver.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "common/base/random.h"
#include "common/exr/exr.h"
#include "common/image/half.h"
#include "coordinator/planning/shard_plan.h"
#include "coordinator/reconcile/shot_solution.h"
#include "coordinator/reconcile/skeleton.h"

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

// The shot's frames, to the end and back again.
class Truth {
 public:
  explicit Truth(std::vector<Image> frames) : frames_(std::move(frames)) {}
  const Image& At(int64_t frame) const {
    const auto n = static_cast<int64_t>(frames_.size());
    const int64_t period = std::max<int64_t>(1, 2 * (n - 1));
    const int64_t at = frame % period;
    return frames_[static_cast<size_t>(at < n ? at : period - at)];
  }
  int64_t size() const { return static_cast<int64_t>(frames_.size()); }

 private:
  std::vector<Image> frames_;
};

struct Flaws {
  double noise = 0;  // of blobs that move with neither picture nor neighbour
  double drift = 0;  // of log(scale), and of the level in spreads, from begin to end of a shard
  double spread = 1;
  double level = 0;
};

// The frames `frames` of a shard of the network's: turned, noisy, drifting along `full`.
RawShard Distort(const Shard& shard, const std::vector<int64_t>& frames, const Truth& truth,
                 const Flaws& flaws, Random* random) {
  RawShard out{.shard = shard};
  const double noise = flaws.noise * flaws.spread;
  const double scale_drift = flaws.drift * Normal(random);
  const double level_drift = flaws.drift * flaws.spread * Normal(random);
  // Not quite as straight as reconcile has it.
  const double bend = 0.2 * flaws.drift * Normal(random);
  const double scale = std::exp2(2 * Uniform(random) - 1);
  const double shift = Uniform(random) - 0.5;
  const double px = 6.28 * Uniform(random);
  const double py = 6.28 * Uniform(random);
  for (const int64_t f : frames) {
    Image frame = truth.At(f).Clone();
    const double part =
        (static_cast<double>(f - shard.full.begin) + 0.5) / static_cast<double>(shard.full.size()) -
        0.5;
    const double gain = std::exp(scale_drift * part + bend * (4 * part * part - 0.33));
    const double lift = level_drift * part;
    const double swing = 0.02 * noise * Normal(random);  // the frame's own level
    for (int y = 0; y < frame.height(); ++y) {
      float* row = frame.Row(0, y);
      for (int x = 0; x < frame.width(); ++x) {
        const double blobs =
            std::sin(0.05 * x + px + 0.1 * static_cast<double>(f)) * std::sin(0.07 * y + py);
        const double pure = flaws.level + gain * (row[x] - flaws.level) + lift;
        const double value = pure + noise * (blobs + Normal(random)) + swing;
        row[x] = static_cast<float>((value - shift) / scale);
      }
    }
    QuantizeToHalf(frame);
    out.frames.push_back(std::move(frame));
  }
  return out;
}

std::vector<AlignedShard> Constant(const std::vector<RawShard>& shards,
                                   const std::vector<Alignment>& alignments) {
  std::vector<AlignedShard> out;
  for (size_t i = 0; i < shards.size(); ++i) {
    out.push_back({shards[i].shard.core, shards[i].shard.full, {alignments[i], alignments[i]}});
  }
  return out;
}

// What people do: fit each shard to the one before by least squares over the common pixels.
std::vector<AlignedShard> Chain(const std::vector<RawShard>& shards) {
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
  return Constant(shards, out);
}

// 1st to 99th percentile of the aligned cores.
double RangeOf(const std::vector<RawShard>& shards, const std::vector<AlignedShard>& aligned) {
  std::vector<double> values;
  for (size_t i = 0; i < shards.size(); ++i) {
    for (int64_t f = shards[i].shard.core.begin; f < shards[i].shard.core.end; f += 4) {
      const Image& frame = shards[i].At(f);
      const Alignment alignment = aligned[i].At(f);
      for (int y = 0; y < frame.height(); y += 4) {
        for (int x = 0; x < frame.width(); x += 4) {
          values.push_back(alignment.scale * frame.Row(0, y)[x] + alignment.shift);
        }
      }
    }
  }
  std::sort(values.begin(), values.end());
  return values[values.size() * 99 / 100] - values[values.size() / 100];
}

// What a frame's depth is of the truth: gain and lift in spreads.
struct Part {
  double log_gain = 0;
  double lift = 0;
};

Part PartOfTruth(const Image& raw, const Alignment& alignment, const Image& truth) {
  double n = 0, a = 0, b = 0, aa = 0, bb = 0;
  for (int y = 0; y < raw.height(); ++y) {
    for (int x = 0; x < raw.width(); ++x) {
      const double va = truth.Row(0, y)[x];
      const double vb = alignment.scale * raw.Row(0, y)[x] + alignment.shift;
      n += 1;
      a += va;
      b += vb;
      aa += va * va;
      bb += vb * vb;
    }
  }
  const double spread_a = std::sqrt(aa / n - a / n * (a / n));
  const double spread_b = std::sqrt(bb / n - b / n * (b / n));
  return {std::log(spread_b / spread_a), (b / n - a / n) / spread_a};
}

// Mean and worst frame's step in percent of width. Drift of the shot against the truth, in percent:
// of the scale from the first shard's middle to the last one's, and the most between any two.
double Print(const char* name, const std::vector<RawShard>& shards,
             const std::vector<AlignedShard>& aligned, const Truth& truth) {
  const double percent = kBudget / RangeOf(shards, aligned);
  double sum = 0;
  double worst = 0;
  int frames = 0;
  for (size_t i = 1; i < shards.size(); ++i) {
    const FrameRange common = shards[i - 1].shard.full.Intersect(shards[i].shard.full);
    for (int64_t f = common.begin; f < common.end; ++f) {
      const Image& left = shards[i - 1].At(f);
      const Image& right = shards[i].At(f);
      const Alignment a = aligned[i - 1].At(f);
      const Alignment b = aligned[i].At(f);
      double step = 0;
      for (int y = 0; y < left.height(); ++y) {
        for (int x = 0; x < left.width(); ++x) {
          step += std::abs(a.scale * left.Row(0, y)[x] + a.shift - b.scale * right.Row(0, y)[x] -
                           b.shift);
        }
      }
      step *= percent / (static_cast<double>(left.width()) * left.height());
      sum += step;
      worst = std::max(worst, step);
      ++frames;
    }
  }
  std::vector<double> gains;
  for (size_t i = 0; i < shards.size(); ++i) {
    const int64_t f = (shards[i].shard.core.begin + shards[i].shard.core.end) / 2;
    gains.push_back(PartOfTruth(shards[i].At(f), aligned[i].At(f), truth.At(f)).log_gain);
  }
  const auto [least, most] = std::minmax_element(gains.begin(), gains.end());
  std::printf(
      "  %-22s mean %7.4f  worst frame %7.4f  scale first to last %+8.2f %%, most %7.2f %%\n", name,
      sum / std::max(1, frames), worst, 100 * std::expm1(gains.back() - gains[0]),
      100 * std::expm1(*most - *least));
  return *most - *least;
}

std::vector<int64_t> AllOf(const FrameRange& range) {
  std::vector<int64_t> frames;
  for (int64_t f = range.begin; f < range.end; ++f) frames.push_back(f);
  return frames;
}

// One alignment throughout each shard, from today's solver fed with seams that say nothing of
// drift.
absl::StatusOr<std::vector<AlignedShard>> WithoutRamps(const std::vector<ShardSamples>& samples) {
  std::vector<ShardDigest> digests;
  std::vector<Seam> seams;
  for (size_t i = 0; i < samples.size(); ++i) {
    digests.push_back(DigestShard(samples[i]));
    if (i == 0) continue;
    seams.push_back(ReduceSeam(samples[i - 1], samples[i]));
    // Of its frames only what all of them say together.
    for (SeamFrame& frame : seams.back().frames) frame.sums = seams.back().sums;
  }
  SF_ASSIGN_OR_RETURN(ShotSolution solution, SolveShot(digests, seams));
  for (AlignedShard& shard : solution.shards) {
    const Alignment middle = shard.At((shard.core.begin + shard.core.end) / 2);
    shard.ramp = {middle, middle};
  }
  return solution.shards;
}

absl::Status Run(const std::filesystem::path& folder, int shard_frames, int overlap,
                 int64_t frames) {
  SF_ASSIGN_OR_RETURN(std::vector<Image> read, ReadInverseDepth(folder));
  const Truth truth(std::move(read));
  if (frames == 0) frames = truth.size();
  const FrameRange shot{0, frames};
  const auto plan = PlanShot(shot, shard_frames, overlap);
  double sum = 0;
  double squares = 0;
  const Image& first = truth.At(0);
  for (int y = 0; y < first.height(); ++y) {
    for (int x = 0; x < first.width(); ++x) {
      sum += first.Row(0, y)[x];
      squares += static_cast<double>(first.Row(0, y)[x]) * first.Row(0, y)[x];
    }
  }
  const double n = static_cast<double>(first.width()) * first.height();
  Flaws flaws;
  flaws.level = sum / n;
  flaws.spread = std::sqrt(squares / n - flaws.level * flaws.level);
  std::printf(
      "%ld frames (of %ld), %zu shards, overlap %d; steps in percent of width at budget %.1f %%\n",
      static_cast<long>(frames), static_cast<long>(truth.size()), plan.size(), overlap, kBudget);
  for (const auto& [noise, drift] :
       {std::pair(0.0, 0.0), std::pair(0.02, 0.0), std::pair(0.1, 0.0), std::pair(0.0, 0.05),
        std::pair(0.02, 0.05), std::pair(0.1, 0.1)}) {
    flaws.noise = noise;
    flaws.drift = drift;
    const auto random = SeededRandom(17);
    std::vector<RawShard> shards;
    std::vector<ShardSamples> samples;
    for (const Shard& shard : plan) {
      shards.push_back(Distort(shard, AllOf(shard.full), truth, flaws, random.get()));
      ShardSamples reduced{.core = shard.core, .full = shard.full};
      for (int64_t f = shard.full.begin; f < shard.full.end; ++f) {
        if (KeepsSamples(shard, f)) reduced.frames.push_back(SampleFrame(f, shards.back().At(f)));
      }
      samples.push_back(std::move(reduced));
    }
    // Frames far apart, looked at together: twice the noise, no drift.
    Flaws far = flaws;
    far.noise *= 2;
    far.drift = 0;
    std::vector<ShardSamples> looked_at;
    for (const Skeleton& bones : PlanSkeletons(plan)) {
      const Shard all{bones.range, bones.range, shot};
      const RawShard raw = Distort(all, bones.frames, truth, far, random.get());
      ShardSamples& reduced =
          looked_at.emplace_back(ShardSamples{.core = bones.range, .full = bones.range});
      for (size_t i = 0; i < bones.frames.size(); ++i) {
        reduced.frames.push_back(SampleFrame(bones.frames[i], raw.frames[i]));
      }
    }
    const ShardSamples skeleton = MergeSkeletons(std::move(looked_at));
    SF_ASSIGN_OR_RETURN(const std::vector<AlignedShard> constant, WithoutRamps(samples));
    SF_ASSIGN_OR_RETURN(const ShotSolution seams_only,
                        SolveShot(samples, {.budget_percent = kBudget}));
    SF_ASSIGN_OR_RETURN(const ShotSolution closed,
                        SolveShot(samples, {.budget_percent = kBudget}, &skeleton));
    std::printf("noise %.0f %% of the depth's spread, drift %.0f %% inside of a shard\n",
                100 * noise, 100 * drift);
    Print("as they are", shards, Constant(shards, std::vector<Alignment>(shards.size())), truth);
    const double chained = Print("chained", shards, Chain(shards), truth);
    Print("one alignment a shard", shards, constant, truth);
    Print("ramps", shards, seams_only.shards, truth);
    const double held = Print("ramps and skeleton", shards, closed.shards, truth);
    double reported = 0;
    for (const SeamReport& seam : closed.seams) {
      reported = std::max(reported, seam.worst_percent);
    }
    std::printf("  %-22s               worst frame %7.4f  chained drifts %.1f times as much\n",
                "as reported", reported, chained / held);
  }
  return absl::OkStatus();
}

// Resident memory in MB.
double ResidentMegabytes() {
  std::ifstream statm("/proc/self/statm");
  double pages = 0;
  statm >> pages >> pages;
  return pages * 4096 / 1e6;
}

// Made shards with noise and drift on their samples, one skeleton.
absl::Status Synthetic(int64_t count) {
  const FrameRange shot{0, 24 * count};
  const auto plan = PlanShot(shot, 24, 6);
  const auto random = SeededRandom(3);
  const auto frame_of = [&](int64_t frame, double scale, double shift) {
    FrameSamples samples{.frame = frame};
    for (int i = 0; i < kSampleCells; ++i) {
      const double depth =
          0.1 + 0.8 * (i % kSampleColumns) / kSampleColumns + 0.01 * Normal(random.get());
      samples.values.push_back(static_cast<float>((depth - shift) / scale));
      samples.weights.push_back(255);
    }
    return samples;
  };
  std::vector<ShardSamples> looked_at;
  for (const Skeleton& bones : PlanSkeletons(plan)) {
    ShardSamples& reduced =
        looked_at.emplace_back(ShardSamples{.core = bones.range, .full = bones.range});
    const double scale = std::exp2(2 * Uniform(random.get()) - 1);
    for (const int64_t frame : bones.frames) reduced.frames.push_back(frame_of(frame, scale, 0));
  }
  const ShardSamples skeleton = MergeSkeletons(std::move(looked_at));
  std::vector<ShardDigest> digests;
  std::vector<Seam> seams;
  std::vector<std::vector<SeamFrame>> ties;
  ShardSamples before;
  const double megabytes = ResidentMegabytes();
  double reduce_seconds = 0;
  using Clock = std::chrono::steady_clock;
  const auto seconds_since = [](Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  std::vector<double> scales;
  for (const Shard& shard : plan) {
    ShardSamples samples{.core = shard.core, .full = shard.full};
    const double scale = std::exp2(2 * Uniform(random.get()) - 1);
    const double drift = 0.05 * Normal(random.get());
    scales.push_back(scale);
    for (int64_t f = shard.full.begin; f < shard.full.end; ++f) {
      const double part =
          static_cast<double>(f - shard.full.begin) / static_cast<double>(shard.full.size()) - 0.5;
      if (KeepsSamples(shard, f)) {
        samples.frames.push_back(frame_of(f, scale * std::exp(drift * part), 0.1));
      }
    }
    const auto start = Clock::now();
    digests.push_back(DigestShard(samples));
    if (digests.size() > 1) seams.push_back(ReduceSeam(before, samples));
    ties.push_back(ReduceTies(samples, skeleton));
    reduce_seconds += seconds_since(start);
    before = std::move(samples);
  }
  const double held = ResidentMegabytes() - megabytes;
  const auto start = Clock::now();
  SF_ASSIGN_OR_RETURN(const ShotSolution solution, SolveShot(digests, seams, ties));
  const double seconds = seconds_since(start);
  std::vector<double> gains;
  for (size_t i = 0; i < plan.size(); ++i) {
    const AlignedShard& shard = solution.shards[i];
    gains.push_back(std::log(shard.At((shard.core.begin + shard.core.end) / 2).scale / scales[i]));
  }
  const auto [least, most] = std::minmax_element(gains.begin(), gains.end());
  std::printf(
      "%zu shards: reduced in %.1f s (%.2f ms each), %.0f MB held, %.0f MB resident; "
      "solved in %.3f s; scale off by at most %.2f %%\n",
      plan.size(), reduce_seconds, 1e3 * reduce_seconds / static_cast<double>(plan.size()), held,
      ResidentMegabytes(), seconds, 100 * std::expm1(*most - *least));
  return absl::OkStatus();
}

}  // namespace
}  // namespace stereofarm

int main(int argc, char** argv) {
  const bool synthetic = argc == 3 && std::string(argv[1]) == "--synthetic";
  if (argc < 2 || argc > 5) {
    std::fprintf(stderr,
                 "usage: reconcile_quality FOLDER [SHARD_FRAMES [OVERLAP [FRAMES]]]\n"
                 "       reconcile_quality --synthetic SHARDS\n");
    return 2;
  }
  const int shard_frames = argc > 2 ? std::atoi(argv[2]) : 24;
  const int overlap = argc > 3 ? std::atoi(argv[3]) : 6;
  const int frames = argc > 4 ? std::atoi(argv[4]) : 0;
  if (shard_frames < 1 || overlap < 0 || frames < 0) {
    std::fprintf(stderr,
                 "SHARD_FRAMES and SHARDS must be 1 or more, OVERLAP and FRAMES 0 or more\n");
    return 2;
  }
  const absl::Status status = synthetic ? stereofarm::Synthetic(shard_frames)
                                        : stereofarm::Run(argv[1], shard_frames, overlap, frames);
  if (!status.ok()) {
    std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
    return 3;
  }
  return 0;
}
