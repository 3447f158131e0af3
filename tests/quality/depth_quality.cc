// depth_quality [OPTION...] SHOT_PREFIX|FILM...: how well estimated depth ranks.
//
//   --depth NAME     the estimator (parallax)
//   --device NAME    where it runs (cpu)
//   --change NAME    changes the shots first; names in tests/quality/test_footage.h
//   --frames N       the first N frames alone
//   --without PART   parallax without one of its parts; names in models/depth/parallax_options.h
//   --out FOLDER     keeps each frame's depth as FOLDER/SHOT/depth.000123.exr
//   --pictures FOLDER  keeps every twelfth frame and its depth as FOLDER/SHOT.000123.png
//
// For each shot reads SHOT_PREFIX_left.mkv and SHOT_PREFIX_depth/*.exr (channel Z, metres, one file
// a frame; may be absent). Prints Spearman's rank correlation with true inverse depth at 160x90,
// mean and worst frame, beside that of "lower is nearer"; flicker: the median change along the flow
// to the next frame, in percent of the depth's 5 to 95 percent range, mean and worst frame; drift:
// by how much the scale that fits depth to the truth changes over the film, before and after shards
// are reconciled; the share of the picture that was measured (mean confidence); milliseconds a
// frame; and, where a change added something, how much nearer (+) or farther (-) it was found than
// it is, in percent of the true range, once depth was fitted to the truth outside of it: mean, mean
// size, and the spread within it. A title's truth is what it covers.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <map>
#include <memory>
#include <numeric>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"
#include "common/base/status.h"
#include "common/exr/exr.h"
#include "common/farm/seam_samples.h"
#include "coordinator/planning/shard_plan.h"
#include "coordinator/reconcile/shot_solution.h"
#include "models/depth/create.h"
#include "models/depth/parallax_estimator.h"
#include "tests/quality/test_footage.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string depth = "parallax";
  std::string device = "cpu";
  std::string change;
  std::string without;
  int64_t frames = -1;
  fs::path out;
  fs::path pictures;
  std::vector<std::string> shots;
};

cv::Mat Wrap(const Image& image, int channel) {
  return cv::Mat(image.height(), image.width(), CV_32F, const_cast<float*>(image.Plane(channel)),
                 static_cast<size_t>(image.stride()) * sizeof(float));
}

std::vector<float> Small(const cv::Mat& plane) {
  cv::Mat small;
  cv::resize(plane, small, {160, 90}, 0, 0, cv::INTER_AREA);
  return std::vector<float>(small.begin<float>(), small.end<float>());
}

// Ranks; equal values share their mean rank.
std::vector<double> RanksOf(const std::vector<float>& values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (size_t i = 0; i < order.size();) {
    size_t end = i;
    while (end < order.size() && values[order[end]] == values[order[i]]) ++end;
    for (size_t k = i; k < end; ++k) ranks[order[k]] = 0.5 * static_cast<double>(i + end - 1);
    i = end;
  }
  return ranks;
}

double Spearman(const std::vector<float>& a, const std::vector<float>& b) {
  const std::vector<double> ra = RanksOf(a), rb = RanksOf(b);
  const double mean = 0.5 * static_cast<double>(a.size() - 1);
  double aa = 0, bb = 0, ab = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    aa += (ra[i] - mean) * (ra[i] - mean);
    bb += (rb[i] - mean) * (rb[i] - mean);
    ab += (ra[i] - mean) * (rb[i] - mean);
  }
  return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0;
}

float QuantileOf(std::vector<float>* values, double share) {
  const auto at =
      values->begin() + static_cast<ptrdiff_t>(share * static_cast<double>(values->size() - 1));
  std::nth_element(values->begin(), at, values->end());
  return *at;
}

// Median change along the flow, percent of the range.
double Flicker(const DepthResult& now, const DepthResult& next) {
  const int w = now.inverse_depth.width(), h = now.inverse_depth.height();
  if (now.flow_to_next.empty() || !now.flow_to_next.SameSize(now.inverse_depth)) return 0;
  std::vector<float> changes, values;
  for (int y = 2; y < h; y += 4) {
    for (int x = 2; x < w; x += 4) {
      const float depth = now.inverse_depth.Row(0, y)[x];
      values.push_back(depth);
      const long tx = std::lround(static_cast<float>(x) + now.flow_to_next.Row(0, y)[x]);
      const long ty = std::lround(static_cast<float>(y) + now.flow_to_next.Row(1, y)[x]);
      if (tx < 0 || ty < 0 || tx >= w || ty >= h) continue;
      changes.push_back(std::abs(next.inverse_depth.Row(0, static_cast<int>(ty))[tx] - depth));
    }
  }
  const float range = QuantileOf(&values, 0.95) - QuantileOf(&values, 0.05);
  return changes.empty() || !(range > 0) ? 0 : 100 * QuantileOf(&changes, 0.5) / range;
}

struct Figures {
  double sum = 0, worst = 0;
  int count = 0;
  void Add(double value, bool larger_is_worse) {
    if (count++ == 0 || (value > worst) == larger_is_worse) worst = value;
    sum += value;
  }
  double Mean() const { return count == 0 ? 0 : sum / count; }
};

// Of true inverse depth from estimated, outside of what was added: scale and shift, least squares
// with large errors weighted down.
cv::Vec2d FitToTruth(const cv::Mat& depth, const cv::Mat& truth, const cv::Mat& added) {
  cv::Vec2d fit(1, 0);
  double tolerance = 0;
  for (int round = 0; round < 4; ++round) {
    double n = 0, x = 0, y = 0, xx = 0, xy = 0;
    std::vector<float> errors;
    for (int v = 0; v < truth.rows; v += 4) {
      for (int u = 0; u < truth.cols; u += 4) {
        if (!added.empty() && added.at<uint8_t>(v, u) != 0) continue;
        const double a = depth.at<float>(v, u), b = truth.at<float>(v, u);
        const double error = a * fit[0] + fit[1] - b;
        const double q = round == 0 ? 0 : error / tolerance;
        const double w = 1 / (1 + q * q);
        n += w, x += w * a, y += w * b, xx += w * a * a, xy += w * a * b;
        errors.push_back(static_cast<float>(std::abs(error)));
      }
    }
    fit[0] = (n * xy - x * y) / std::max(n * xx - x * x, 1e-12);
    fit[1] = (y - fit[0] * x) / n;
    tolerance = 2 * QuantileOf(&errors, 0.5) + 1e-6;
  }
  return fit;
}

class Measurement {
 public:
  Measurement(const Options& options, const std::string& shot)
      : options_(options), name_(fs::path(shot).filename()) {}

  absl::Status Add(const DepthResult& result, const TestFrame& frame) {
    const cv::Mat depth = Wrap(result.inverse_depth, 0);
    if (!frame.inverse.empty()) {
      const std::vector<float> inverse = Small(frame.inverse);
      rank_.Add(Spearman(Small(depth), inverse), false);
      std::vector<float> ramp(inverse.size());
      for (size_t i = 0; i < ramp.size(); ++i) ramp[i] = static_cast<float>(i / 160);
      ramp_.Add(Spearman(ramp, inverse), false);
      AddErrors(depth, frame);
    }
    samples_.push_back(SampleFrame(result.frame, result.inverse_depth, result.confidence));
    measured_.Add(100 * cv::mean(Wrap(result.confidence, 0))[0], false);
    if (!options_.out.empty()) {
      const fs::path folder = options_.out / name_;
      SF_RETURN_IF_ERROR(MakeDirectories(folder));
      SF_RETURN_IF_ERROR(WriteExr(folder / absl::StrFormat("depth.%06d.exr", result.frame),
                                  result.inverse_depth, {"Y"}, {}));
    }
    if (!options_.pictures.empty() && result.frame % 12 == 6) {
      SF_RETURN_IF_ERROR(MakeDirectories(options_.pictures));
      KeepPicture(result, frame);
    }
    if (!last_.inverse_depth.empty()) flicker_.Add(Flicker(last_, result), true);
    return absl::OkStatus();
  }
  void Remember(DepthResult result) { last_ = std::move(result); }

  void Print(double seconds, int64_t frames) const {
    std::printf("%-16s", name_.c_str());
    if (rank_.count > 0) {
      std::printf(" rank mean %.3f worst %.3f  ramp %.3f ", rank_.Mean(), rank_.worst,
                  ramp_.Mean());
    }
    if (!scales_.empty()) {
      std::printf(" drift %.1f, reconciled %.1f %% ", Drift({}), ReconciledDrift());
    }
    std::printf(" flicker mean %.2f worst %.2f %%  measured %.0f %%  %.0f ms/frame",
                flicker_.Mean(), flicker_.worst, measured_.Mean(),
                1000 * seconds / static_cast<double>(frames));
    if (error_.count > 0) {
      std::printf("  added %+.1f, %.1f, spread %.1f %%", error_.Mean(), size_.Mean(),
                  spread_.Mean());
    }
    std::printf("\n");
    std::fflush(stdout);
  }

 private:
  void AddErrors(const cv::Mat& depth, const TestFrame& frame) {
    cv::Mat truth, added, full;
    cv::resize(frame.inverse, truth, depth.size(), 0, 0, cv::INTER_NEAREST);
    if (!frame.added.empty()) {
      cv::resize(frame.added, added, depth.size(), 0, 0, cv::INTER_NEAREST);
    }
    const cv::Vec2d fit = FitToTruth(depth, truth, added);
    scales_.push_back(fit[0]);
    if (added.empty()) return;
    std::vector<float> errors, values;
    for (int y = 0; y < truth.rows; ++y) {
      for (int x = 0; x < truth.cols; ++x) {
        values.push_back(truth.at<float>(y, x));
        if (added.at<uint8_t>(y, x) == 0) continue;
        errors.push_back(static_cast<float>(depth.at<float>(y, x) * fit[0] + fit[1]) -
                         truth.at<float>(y, x));
      }
    }
    if (errors.size() < 100) return;
    const double range = QuantileOf(&values, 0.95) - QuantileOf(&values, 0.05);
    const double error = 100 * QuantileOf(&errors, 0.5) / range;
    error_.Add(error, true);
    size_.Add(std::abs(error), true);
    spread_.Add(100 * (QuantileOf(&errors, 0.8) - QuantileOf(&errors, 0.2)) / range, true);
  }

  // The picture, its depth from the 1 to the 99 percent quantile, and how far that was measured.
  void KeepPicture(const DepthResult& result, const TestFrame& frame) const {
    std::vector<float> values;
    const cv::Mat depth = Wrap(result.inverse_depth, 0);
    for (int y = 0; y < depth.rows; y += 2) {
      for (int x = 0; x < depth.cols; x += 2) values.push_back(depth.at<float>(y, x));
    }
    const float far = QuantileOf(&values, 0.01), near = QuantileOf(&values, 0.99);
    cv::Mat picture, rgb, grey;
    cv::merge(std::vector<cv::Mat>{Wrap(frame.rgb, 2), Wrap(frame.rgb, 1), Wrap(frame.rgb, 0)},
              rgb);
    const auto add = [&](const cv::Mat& plane) {
      cv::Mat three;
      cv::cvtColor(plane, three, cv::COLOR_GRAY2BGR);
      cv::hconcat(picture, three, picture);
    };
    picture = rgb;
    add((depth - far) / std::max(near - far, 1e-6f));
    add(Wrap(result.confidence, 0));
    picture.convertTo(picture, CV_8U, 255);
    cv::imwrite(options_.pictures / absl::StrFormat("%s.%06d.png", name_, result.frame), picture);
  }

  // How much the scale that fits depth to the truth changes over the film, in percent, means over
  // five frames; `shards` may be empty.
  double Drift(const std::vector<AlignedShard>& shards) const {
    double low = 0, high = 0, sum = 0;
    for (size_t i = 0; i < scales_.size(); ++i) {
      const auto scale = [&](size_t frame) {
        for (const AlignedShard& shard : shards) {
          const auto at = static_cast<int64_t>(frame);
          if (at >= shard.core.begin && at < shard.core.end) {
            return scales_[frame] / shard.At(at).scale;
          }
        }
        return scales_[frame];
      };
      sum += scale(i) - (i >= 5 ? scale(i - 5) : 0);
      if (i < 4) continue;
      low = i == 4 ? sum : std::min(low, sum);
      high = i == 4 ? sum : std::max(high, sum);
    }
    return low > 0 ? 100 * (high / low - 1) : 0;
  }

  // The same once shards of 24 frames with an overlap of 8 are reconciled.
  double ReconciledDrift() const {
    std::vector<ShardSamples> all;
    const auto frames = static_cast<int64_t>(samples_.size());
    for (const Shard& shard : PlanShot({0, frames}, 24, 8)) {
      ShardSamples& kept = all.emplace_back(ShardSamples{shard.core, shard.full, {}});
      for (int64_t t = shard.full.begin; t < shard.full.end; ++t) {
        if (KeepsSamples(shard, t)) kept.frames.push_back(samples_[static_cast<size_t>(t)]);
      }
    }
    const auto solution = SolveShot(all);
    return solution.ok() ? Drift(solution->shards) : -1;
  }

  const Options& options_;
  std::string name_;
  std::vector<double> scales_;  // of each frame with a truth
  std::vector<FrameSamples> samples_;
  Figures rank_, ramp_, flicker_, measured_, error_, size_, spread_;
  DepthResult last_;
};

absl::StatusOr<std::unique_ptr<DepthEstimator>> Create(const Options& options) {
  if (options.without.empty()) return CreateDepthEstimator(options.depth, options.device);
  ParallaxOptions parts;
  const std::map<std::string, bool*> names = {
      {"travel", &parts.travel},     {"ground", &parts.ground}, {"prior", &parts.prior},
      {"subjects", &parts.subjects}, {"movers", &parts.movers}, {"titles", &parts.titles},
      {"haze", &parts.haze},         {"sides", &parts.sides},   {"edges", &parts.edges},
      {"gauge", &parts.gauge},       {"steady", &parts.steady}};
  const auto named = names.find(options.without);
  if (named == names.end()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("parallax has no part \"%s\"", options.without));
  }
  *named->second = false;
  return std::make_unique<ParallaxEstimator>(parts);
}

absl::Status Measure(const Options& options, const std::string& shot) {
  SF_ASSIGN_OR_RETURN(const auto footage, TestFootage::Open(shot, options.change));
  SF_ASSIGN_OR_RETURN(const auto estimator, Create(options));
  Measurement measurement(options, shot);
  SF_ASSIGN_OR_RETURN(const DepthPlan plan, estimator->Plan(footage->size()));
  SF_RETURN_IF_ERROR(estimator->Begin(footage->size()));
  const int64_t frames = options.frames < 0 ? footage->frame_count()
                                            : std::min(options.frames, footage->frame_count());
  std::map<int64_t, TestFrame> pending;
  std::vector<DepthResult> done;
  std::clock_t spent = 0;
  for (int64_t t = 0; t <= frames; ++t) {
    DepthInput input;
    if (t < frames) {
      SF_ASSIGN_OR_RETURN(TestFrame frame, footage->Read(t, plan.input));
      input.frame = t;
      input.rgb = frame.rgb.Clone();
      pending[t] = std::move(frame);
    }
    const std::clock_t start = std::clock();
    SF_RETURN_IF_ERROR(t < frames ? estimator->Push(std::move(input), &done)
                                  : estimator->Finish(&done));
    spent += std::clock() - start;
    for (DepthResult& result : done) {
      SF_RETURN_IF_ERROR(measurement.Add(result, pending.at(result.frame)));
      pending.erase(result.frame);
      measurement.Remember(std::move(result));
    }
    done.clear();
  }
  measurement.Print(static_cast<double>(spent) / CLOCKS_PER_SEC, frames);
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const bool more = i + 1 < argc;
    if (word == "--depth" && more) {
      options.depth = argv[++i];
    } else if (word == "--device" && more) {
      options.device = argv[++i];
    } else if (word == "--change" && more) {
      options.change = argv[++i];
    } else if (word == "--without" && more) {
      options.without = argv[++i];
    } else if (word == "--frames" && more) {
      options.frames = std::atoll(argv[++i]);
    } else if (word == "--pictures" && more) {
      options.pictures = argv[++i];
    } else if (word == "--out" && more) {
      options.out = argv[++i];
    } else if (word.starts_with("--")) {
      options.shots.clear();
      break;
    } else {
      options.shots.push_back(word);
    }
  }
  if (options.shots.empty()) {
    std::fprintf(stderr,
                 "usage: depth_quality [--depth NAME] [--device NAME] [--change NAME] [--frames N] "
                 "[--without PART] [--out FOLDER] [--pictures FOLDER] SHOT_PREFIX|FILM...\n");
    return 2;
  }
  for (const std::string& shot : options.shots) {
    if (const absl::Status status = Measure(options, shot); !status.ok()) {
      std::fprintf(stderr, "%s: %s\n", shot.c_str(), std::string(status.message()).c_str());
      return 1;
    }
  }
  return 0;
}

}  // namespace
}  // namespace stereofarm

int main(int argc, char** argv) { return stereofarm::Main(argc, argv); }
