// edge_quality [--every N] [--pictures FOLDER] SHOT_PREFIX...: where the steps of full-size depth
// lie.
//
// For each shot reads what depth_quality reads, and SHOT_PREFIX_right.mkv. Depth comes from three
// sources: true depth reduced to 1/2 and 1/3 of the picture's size, and `parallax`; each is brought
// up by UpsampleDepth, and bilinearly beside it. Prints, over the outlines that a row of the
// picture crosses (a step of true parallax by 2 pixels and more, with 4 pixels of one surface on
// either side):
//   rim    pixels of the object, next to its outline, that got the background's depth
//   grown  pixels of the background that got the object's
//   found  share of outlines at which the depth has a step at all
//   dB     of the known pixels of the right eye within 8 pixels of depth edges, warped with it
//          (reduced true depth alone)
// --every N takes every Nth frame. --pictures keeps the warped eye of each.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"
#include "common/base/status.h"
#include "common/media/frame_index.h"
#include "common/media/frame_reader.h"
#include "common/media/picture.h"
#include "models/depth/parallax_estimator.h"
#include "models/stereo/depth_upsample.h"
#include "models/stereo/parallax.h"
#include "models/stereo/splat.h"
#include "tests/quality/test_footage.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

constexpr int kSide = 4;       // pixels of one surface on either side of an outline
constexpr float kOutline = 2;  // pixels of parallax

struct Options {
  int64_t every = 1;
  fs::path pictures;
  std::vector<std::string> shots;
};

cv::Mat Wrap(const Image& image, int channel) {
  return cv::Mat(image.height(), image.width(), CV_32F, const_cast<float*>(image.Plane(channel)),
                 static_cast<size_t>(image.stride()) * sizeof(float));
}

Image Resize(const cv::Mat& plane, int width, int height, int interpolation) {
  Image result(width, height, 1);
  cv::Mat target = Wrap(result, 0);
  cv::resize(plane, target, target.size(), 0, 0, interpolation);
  return result;
}

struct Score {
  double rim = 0, grown = 0, squares = 0, pixels = 0;
  int64_t outlines = 0, found = 0;
};

// Steps of `depth` against those of true parallax (pixels, near is large).
void AddOutlines(const cv::Mat& parallax, const cv::Mat& depth, Score* score) {
  double low, high;
  cv::minMaxLoc(depth, &low, &high);
  const float least = static_cast<float>(0.01 * (high - low));
  for (int y = 0; y < parallax.rows; ++y) {
    const float* p = parallax.ptr<float>(y);
    const float* d = depth.ptr<float>(y);
    for (int x = kSide + 4; x + kSide + 4 < parallax.cols; ++x) {
      const float step = p[x] - p[x - 1];  // the outline lies left of x
      if (std::abs(step) < kOutline) continue;
      const int inward = step > 0 ? 1 : -1;
      const int first = step > 0 ? x : x - 1;  // of the object
      bool plain = true;
      for (int k = 1; k < kSide; ++k) {
        plain = plain && std::abs(p[first + inward * k] - p[first]) < 0.25f * std::abs(step) &&
                std::abs(p[first - inward * (k + 1)] - p[first - inward]) < 0.25f * std::abs(step);
      }
      if (!plain) continue;
      ++score->outlines;
      float near = d[first], far = d[first];
      for (int k = -kSide - 2; k < kSide + 2; ++k) {
        near = std::max(near, d[first + inward * k]);
        far = std::min(far, d[first + inward * k]);
      }
      if (near - far < least) continue;
      ++score->found;
      const float middle = 0.5f * (near + far);
      for (int k = 0; k < kSide; ++k) {
        score->rim += d[first + inward * k] < middle;
        score->grown += d[first - inward * (k + 1)] >= middle;
      }
    }
  }
}

// Within 8 pixels of where depth edges are seen by the right eye.
cv::Mat NearEdges(const cv::Mat& displacement) {
  cv::Mat high, low, near;
  cv::dilate(displacement, high, cv::Mat::ones(3, 3, CV_8U));
  cv::erode(displacement, low, cv::Mat::ones(3, 3, CV_8U));
  cv::Mat moved = cv::Mat::zeros(displacement.size(), CV_8U);
  for (int y = 0; y < displacement.rows; ++y) {
    for (int x = 0; x < displacement.cols; ++x) {
      if (high.at<float>(y, x) - low.at<float>(y, x) < 1) continue;
      const int seen = static_cast<int>(std::lround(x - displacement.at<float>(y, x)));
      moved.at<uint8_t>(y, std::clamp(seen, 0, displacement.cols - 1)) = 255;
    }
  }
  cv::dilate(moved, near, cv::Mat::ones(17, 17, CV_8U));
  return near;
}

void AddWarped(const WarpedFrame& warped, const Image& right, const cv::Mat& edges, Score* score) {
  for (int y = 0; y < right.height(); ++y) {
    for (int x = 0; x < right.width(); ++x) {
      if (edges.at<uint8_t>(y, x) == 0 || warped.rgba.Row(3, y)[x] == 0) continue;
      for (int c = 0; c < 3; ++c) {
        const double error = 255 * (warped.rgba.Row(c, y)[x] - right.Row(c, y)[x]);
        score->squares += error * error / 3;
      }
      score->pixels += 1;
    }
  }
}

void KeepPicture(const WarpedFrame& warped, std::string name, const fs::path& folder) {
  std::replace(name.begin(), name.end(), '/', '-');
  cv::Mat picture;
  cv::merge(std::vector<cv::Mat>{Wrap(warped.rgba, 2), Wrap(warped.rgba, 1), Wrap(warped.rgba, 0)},
            picture);
  picture.convertTo(picture, CV_8U, 255);
  cv::imwrite(folder / name, picture);
}

class EdgeShot {
 public:
  explicit EdgeShot(const Options& options) : options_(options) {}

  absl::Status Run(const std::string& shot) {
    name_ = fs::path(shot).filename();
    SF_ASSIGN_OR_RETURN(const auto footage, TestFootage::Open(shot, ""));
    cv::FileStorage json(shot + ".json", cv::FileStorage::READ | cv::FileStorage::FORMAT_JSON);
    if (!json.isOpened()) return absl::NotFoundError(shot + ".json: not found");
    json["fx_px"] >> rig_.fx_px;
    json["baseline_m"] >> rig_.baseline_m;
    json["convergence_m"] >> rig_.convergence_m;
    const fs::path film = shot + "_right.mkv";
    SF_ASSIGN_OR_RETURN(FrameIndex built, BuildFrameIndex(film));
    const auto index = std::make_shared<const FrameIndex>(std::move(built));
    SF_ASSIGN_OR_RETURN(const auto reader,
                        FrameReader::Open(film, index, FrameRange{0, index->frame_count()}));
    ColorConverter converter(index->video.color);
    ParallaxEstimator estimator;
    const ImageSize size = footage->size();
    SF_ASSIGN_OR_RETURN(const DepthPlan plan, estimator.Plan(size));
    SF_RETURN_IF_ERROR(estimator.Begin(size));
    std::vector<DepthResult> done;
    for (int64_t t = 0; t < footage->frame_count(); ++t) {
      SF_ASSIGN_OR_RETURN(TestFrame frame, footage->Read(t, size));
      SF_ASSIGN_OR_RETURN(const auto read, reader->Next());
      if (!read || frame.inverse.empty()) break;
      DepthInput input{t, Image(plan.input.width, plan.input.height, 3)};
      for (int c = 0; c < 3; ++c) {
        cv::Mat plane = Wrap(input.rgb, c);
        cv::resize(Wrap(frame.rgb, c), plane, plane.size(), 0, 0, cv::INTER_AREA);
      }
      SF_RETURN_IF_ERROR(estimator.Push(std::move(input), &done));
      if (t % options_.every == 0) {
        SF_ASSIGN_OR_RETURN(const Image right,
                            converter.ToRgb(read->picture, size.width, size.height));
        AddTrue(t, frame, right);
        pending_[t] = std::move(frame);
      }
      AddEstimated(done);
      done.clear();
    }
    SF_RETURN_IF_ERROR(estimator.Finish(&done));
    AddEstimated(done);
    Print();
    return absl::OkStatus();
  }

 private:
  cv::Mat Parallax(const TestFrame& frame) const {
    return frame.inverse * (rig_.fx_px * rig_.baseline_m);
  }

  void AddTrue(int64_t t, const TestFrame& frame, const Image& right) {
    const int w = frame.rgb.width(), h = frame.rgb.height();
    const Image inverse = Resize(frame.inverse, w, h, cv::INTER_NEAREST);
    const auto displacement = [&](const Image& depth) {
      return DisplacementFromInverseMetres(depth, rig_, SynthesizedEye::kRight,
                                           SynthesizedEye::kRight);
    };
    const Image true_displacement = displacement(inverse);
    const cv::Mat edges = NearEdges(Wrap(true_displacement, 0));
    const auto add = [&](const std::string& name, const Image& depth) {
      Score* score = &scores_[name];
      AddOutlines(Parallax(frame), Wrap(depth, 0), score);
      WarpedFrame warped;
      Splat(frame.rgb, displacement(depth), true, &warped);
      AddWarped(warped, right, edges, score);
      if (!options_.pictures.empty()) {
        KeepPicture(warped, absl::StrFormat("%s %s.%06d.png", name_, name, t), options_.pictures);
      }
    };
    add("true, full size", inverse);
    for (const int divisor : {2, 3}) {
      const Image small = Resize(frame.inverse, w / divisor, h / divisor, cv::INTER_AREA);
      add(absl::StrFormat("true at 1/%d, bilinear", divisor),
          Resize(Wrap(small, 0), w, h, cv::INTER_LINEAR));
      add(absl::StrFormat("true at 1/%d, along edges", divisor), UpsampleDepth(small, frame.rgb));
    }
  }

  void AddEstimated(const std::vector<DepthResult>& results) {
    for (const DepthResult& result : results) {
      const auto at = pending_.find(result.frame);
      if (at == pending_.end()) continue;
      const TestFrame& frame = at->second;
      const int w = frame.rgb.width(), h = frame.rgb.height();
      AddOutlines(Parallax(frame),
                  Wrap(Resize(Wrap(result.inverse_depth, 0), w, h, cv::INTER_LINEAR), 0),
                  &scores_["parallax, bilinear"]);
      const Image along = UpsampleDepth(result.inverse_depth, frame.rgb);
      AddOutlines(Parallax(frame), Wrap(along, 0), &scores_["parallax, along edges"]);
      if (!options_.pictures.empty()) {
        double low, high;
        cv::minMaxLoc(Wrap(along, 0), &low, &high);
        Image d(w, h, 1);
        cv::Mat((Wrap(along, 0) - low) / (high - low)).copyTo(Wrap(d, 0));
        WarpedFrame warped;
        Splat(frame.rgb,
              DisplacementFromDepth(d, {3, 0.5}, SynthesizedEye::kRight, SynthesizedEye::kRight),
              true, &warped);
        KeepPicture(warped, absl::StrFormat("%s parallax.%06d.png", name_, result.frame),
                    options_.pictures);
      }
      pending_.erase(at);
    }
  }

  void Print() const {
    std::printf("%-28s %8s %8s %8s %8s\n", name_.c_str(), "rim px", "grown px", "found", "dB");
    for (const auto& [name, s] : scores_) {
      const double n = static_cast<double>(std::max<int64_t>(1, s.found));
      std::printf("  %-26s %8.2f %8.2f %6.0f %%", name.c_str(), s.rim / n, s.grown / n,
                  100.0 * static_cast<double>(s.found) /
                      static_cast<double>(std::max<int64_t>(1, s.outlines)));
      if (s.pixels > 0)
        std::printf(" %8.2f", 10 * std::log10(255.0 * 255 / (s.squares / s.pixels)));
      std::printf("\n");
    }
    std::fflush(stdout);
  }

  const Options& options_;
  std::string name_;
  StereoRig rig_;
  std::map<int64_t, TestFrame> pending_;
  std::map<std::string, Score> scores_;
};

int Main(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--every" && i + 1 < argc) {
      options.every = std::max(1, std::atoi(argv[++i]));
    } else if (word == "--pictures" && i + 1 < argc) {
      options.pictures = argv[++i];
      fs::create_directories(options.pictures);
    } else {
      options.shots.push_back(word);
    }
  }
  if (options.shots.empty() || options.shots[0].starts_with("--")) {
    std::fprintf(stderr, "usage: edge_quality [--every N] [--pictures FOLDER] SHOT_PREFIX...\n");
    return 2;
  }
  for (const std::string& shot : options.shots) {
    EdgeShot edges(options);
    if (const absl::Status status = edges.Run(shot); !status.ok()) {
      std::fprintf(stderr, "%s: %s\n", shot.c_str(), std::string(status.message()).c_str());
      return 1;
    }
  }
  return 0;
}

}  // namespace
}  // namespace stereofarm

int main(int argc, char** argv) { return stereofarm::Main(argc, argv); }
