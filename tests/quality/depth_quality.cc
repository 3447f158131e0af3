// depth_quality [--depth NAME] [--device NAME] [--out FOLDER] SHOT_PREFIX...: how well estimated
// depth ranks.
//
// For each shot reads SHOT_PREFIX_left.mkv and SHOT_PREFIX_depth/*.exr (channel Z, metres, one file
// a frame; may be absent). Prints Spearman's rank correlation with true inverse depth at 160x90,
// mean and worst frame, beside that of "lower is nearer"; flicker: the median change along the flow
// to the next frame, in percent of the depth's 5 to 95 percent range, mean and worst frame; and
// milliseconds a frame. --out keeps each frame's depth as FOLDER/SHOT/depth.000123.exr.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <memory>
#include <numeric>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"
#include "common/base/status.h"
#include "common/exr/exr.h"
#include "common/media/frame_index.h"
#include "common/media/frame_reader.h"
#include "common/media/picture.h"
#include "models/depth/create.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string depth = "parallax";
  std::string device = "cpu";
  fs::path out;
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

std::vector<fs::path> TruthOf(const std::string& shot) {
  std::vector<fs::path> files;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(shot + "_depth", none)) {
    if (entry.path().extension() == ".exr") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

class Measurement {
 public:
  Measurement(const Options& options, const std::string& shot)
      : options_(options), name_(fs::path(shot).filename()), truth_(TruthOf(shot)) {}

  absl::Status Add(DepthResult result) {
    const cv::Mat depth = Wrap(result.inverse_depth, 0);
    if (static_cast<size_t>(result.frame) < truth_.size()) {
      SF_ASSIGN_OR_RETURN(const ExrImage z, ReadExr(truth_[static_cast<size_t>(result.frame)]));
      const std::vector<float> inverse = Small(1.0 / cv::max(Wrap(z.image, 0), 1e-3));
      rank_.Add(Spearman(Small(depth), inverse), false);
      std::vector<float> ramp(inverse.size());
      for (size_t i = 0; i < ramp.size(); ++i) ramp[i] = static_cast<float>(i / 160);
      ramp_.Add(Spearman(ramp, inverse), false);
    }
    if (!options_.out.empty()) {
      const fs::path folder = options_.out / name_;
      SF_RETURN_IF_ERROR(MakeDirectories(folder));
      SF_RETURN_IF_ERROR(WriteExr(folder / absl::StrFormat("depth.%06d.exr", result.frame),
                                  result.inverse_depth, {"Y"}, {}));
    }
    if (!last_.inverse_depth.empty()) flicker_.Add(Flicker(last_, result), true);
    last_ = std::move(result);
    return absl::OkStatus();
  }

  void Print(double seconds, int64_t frames) const {
    std::printf("%-18s", name_.c_str());
    if (rank_.count > 0) {
      std::printf(" rank mean %.3f worst %.3f  ramp %.3f ", rank_.Mean(), rank_.worst,
                  ramp_.Mean());
    }
    std::printf(" flicker mean %.2f worst %.2f %%  %.0f ms/frame\n", flicker_.Mean(),
                flicker_.worst, 1000 * seconds / static_cast<double>(frames));
  }

 private:
  const Options& options_;
  std::string name_;
  std::vector<fs::path> truth_;
  Figures rank_, ramp_, flicker_;
  DepthResult last_;
};

absl::Status Measure(const Options& options, const std::string& shot) {
  const fs::path film = shot + "_left.mkv";
  SF_ASSIGN_OR_RETURN(FrameIndex built, BuildFrameIndex(film));
  const auto index = std::make_shared<const FrameIndex>(std::move(built));
  SF_ASSIGN_OR_RETURN(const auto reader,
                      FrameReader::Open(film, index, FrameRange{0, index->frame_count()}));
  SF_ASSIGN_OR_RETURN(const auto estimator, CreateDepthEstimator(options.depth, options.device));
  ColorConverter converter(index->video.color);
  Measurement measurement(options, shot);
  std::vector<DepthResult> done;
  std::clock_t spent = 0;
  DepthPlan plan;
  while (true) {
    SF_ASSIGN_OR_RETURN(const auto frame, reader->Next());
    if (frame && frame->frame == 0) {
      const ImageSize picture{frame->picture.width(), frame->picture.height()};
      SF_ASSIGN_OR_RETURN(plan, estimator->Plan(picture));
      SF_RETURN_IF_ERROR(estimator->Begin(picture));
    }
    DepthInput input;
    if (frame) {
      input.frame = frame->frame;
      SF_ASSIGN_OR_RETURN(input.rgb,
                          converter.ToRgb(frame->picture, plan.input.width, plan.input.height));
    }
    const std::clock_t start = std::clock();
    SF_RETURN_IF_ERROR(frame ? estimator->Push(std::move(input), &done) : estimator->Finish(&done));
    spent += std::clock() - start;
    for (DepthResult& result : done) SF_RETURN_IF_ERROR(measurement.Add(std::move(result)));
    done.clear();
    if (!frame) break;
  }
  measurement.Print(static_cast<double>(spent) / CLOCKS_PER_SEC, index->frame_count());
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
                 "usage: depth_quality [--depth NAME] [--device NAME] [--out FOLDER] "
                 "SHOT_PREFIX...\n");
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
