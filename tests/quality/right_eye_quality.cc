// right_eye_quality SHOT_PREFIX...: how near the warped and filled right eye comes to the true one.
//
// For each shot reads SHOT_PREFIX_left.mkv, SHOT_PREFIX_right.mkv, SHOT_PREFIX_depth/*.exr (channel
// Z, metres, one file a frame) and SHOT_PREFIX.json (fx_px, baseline_m, convergence_m). Prints PSNR
// over all pixels, over the pixels that true depth uncovers and within 8 pixels of depth edges, and
// SSIM of luma: with true depth for each fill, then with true depth at 1/2 and 1/3 of the size,
// brought back by UpsampleDepth and bilinearly.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <memory>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/file_system.h"
#include "common/base/status.h"
#include "common/exr/exr.h"
#include "common/media/frame_index.h"
#include "common/media/frame_reader.h"
#include "common/media/picture.h"
#include "models/inpaint/create.h"
#include "models/stereo/depth_upsample.h"
#include "models/stereo/parallax.h"
#include "models/stereo/resample.h"
#include "models/stereo/splat.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

cv::Mat Wrap(const Image& image, int channel) {
  return cv::Mat(image.height(), image.width(), CV_32F, const_cast<float*>(image.Plane(channel)),
                 static_cast<size_t>(image.stride()) * sizeof(float));
}

// The number behind "name": in a JSON object; 0 where there's none.
double NumberOf(const std::string& json, const std::string& name) {
  const size_t at = json.find("\"" + name + "\"");
  if (at == std::string::npos) return 0;
  return std::atof(json.c_str() + json.find(':', at) + 1);
}

// A film's frames as R, G, B.
class Film {
 public:
  static absl::StatusOr<Film> Open(const fs::path& path) {
    SF_ASSIGN_OR_RETURN(FrameIndex built, BuildFrameIndex(path));
    auto index = std::make_shared<const FrameIndex>(std::move(built));
    Film film;
    film.converter_ = std::make_unique<ColorConverter>(index->video.color);
    SF_ASSIGN_OR_RETURN(film.reader_,
                        FrameReader::Open(path, index, FrameRange{0, index->frame_count()}));
    return film;
  }
  // Empty at the end.
  absl::StatusOr<Image> Next() {
    SF_ASSIGN_OR_RETURN(const auto frame, reader_->Next());
    if (!frame) return Image();
    return converter_->ToRgb(frame->picture, frame->picture.width(), frame->picture.height());
  }

 private:
  std::unique_ptr<ColorConverter> converter_;
  std::unique_ptr<FrameReader> reader_;
};

struct Masks {
  cv::Mat holes;  // 8 bit, 255 where true depth uncovers
  cv::Mat edges;  // near depth edges, as seen by the right eye
};

Masks FindMasks(const Image& displacement, const WarpedFrame& warped) {
  Masks masks;
  masks.holes = Wrap(warped.rgba, 3) == 0;
  const cv::Mat d = Wrap(displacement, 0);
  cv::Mat high, low;
  cv::dilate(d, high, cv::Mat::ones(3, 3, CV_8U));
  cv::erode(d, low, cv::Mat::ones(3, 3, CV_8U));
  const cv::Mat edges = high - low > 1.0;
  cv::Mat moved = cv::Mat::zeros(d.size(), CV_8U);
  for (int y = 0; y < d.rows; ++y) {
    for (int x = 0; x < d.cols; ++x) {
      if (edges.at<uint8_t>(y, x) == 0) continue;
      const int seen = static_cast<int>(std::lround(static_cast<float>(x) - d.at<float>(y, x)));
      moved.at<uint8_t>(y, std::clamp(seen, 0, d.cols - 1)) = 255;
    }
  }
  cv::dilate(moved, masks.edges, cv::Mat::ones(17, 17, CV_8U));
  return masks;
}

// Mean squared error in code values of 255; the mean over frames of this makes the PSNR.
struct Errors {
  double all = 0, holes = 0, edges = 0, ssim = 0;
  int frames = 0, frames_with_holes = 0, frames_with_edges = 0;
};

cv::Mat Blur(const cv::Mat& image) {
  cv::Mat blurred;
  cv::GaussianBlur(image, blurred, cv::Size(11, 11), 1.5);
  return blurred;
}

cv::Mat Luma(const Image& rgb) {
  const cv::Mat clipped = 0.299 * cv::max(0, cv::min(1, Wrap(rgb, 0))) +
                          0.587 * cv::max(0, cv::min(1, Wrap(rgb, 1))) +
                          0.114 * cv::max(0, cv::min(1, Wrap(rgb, 2)));
  return 255 * clipped;
}

// Wang, Bovik, Sheikh, Simoncelli 2004.
double Ssim(const cv::Mat& a, const cv::Mat& b) {
  constexpr double kC1 = 6.5025, kC2 = 58.5225;
  const cv::Mat mean_a = Blur(a), mean_b = Blur(b);
  const cv::Mat aa = mean_a.mul(mean_a), bb = mean_b.mul(mean_b), ab = mean_a.mul(mean_b);
  const cv::Mat var_a = Blur(a.mul(a)) - aa, var_b = Blur(b.mul(b)) - bb;
  const cv::Mat covariance = Blur(a.mul(b)) - ab;
  const cv::Mat top = (2 * ab + kC1).mul(2 * covariance + kC2);
  const cv::Mat bottom = (aa + bb + kC1).mul(var_a + var_b + kC2);
  return cv::mean(top / bottom)[0];
}

void Score(const Image& candidate, const Image& truth, const Masks& masks, Errors* errors) {
  cv::Mat squared = cv::Mat::zeros(truth.height(), truth.width(), CV_32F);
  for (int c = 0; c < 3; ++c) {
    const cv::Mat clipped = cv::max(0, cv::min(1, Wrap(candidate, c)));
    const cv::Mat difference = 255 * (clipped - Wrap(truth, c));
    squared += difference.mul(difference) / 3;
  }
  errors->all += cv::mean(squared)[0];
  errors->ssim += Ssim(Luma(candidate), Luma(truth));
  ++errors->frames;
  if (cv::countNonZero(masks.holes) > 0) {
    errors->holes += cv::mean(squared, masks.holes)[0];
    ++errors->frames_with_holes;
  }
  if (cv::countNonZero(masks.edges) > 0) {
    errors->edges += cv::mean(squared, masks.edges)[0];
    ++errors->frames_with_edges;
  }
}

double Psnr(double sum, int frames) {
  return frames == 0 ? 0 : 10 * std::log10(255.0 * 255.0 / (sum / frames));
}

Image Resize(const Image& image, int width, int height, int interpolation) {
  Image result(width, height, 1);
  cv::Mat target = Wrap(result, 0);
  cv::resize(Wrap(image, 0), target, target.size(), 0, 0, interpolation);
  return result;
}

// One way to make the right eye.
struct Candidate {
  std::string name;
  std::string fill = "background";
  std::optional<ResampleKernel> resample = std::nullopt;  // of the known pixels; else as splatted
  int divisor = 1;                                        // of the depth's size
  bool bilinear = false;                                  // brings that depth up to size
};
const std::vector<Candidate> kCandidates = {
    {"background", "background"},
    {"background, soft resampling", "background", ResampleKernel::kSoft},
    {"background, bicubic resampling", "background", ResampleKernel::kBicubic},
    {"stretch", "stretch"},
    {"background, depth at 1/2", "background", std::nullopt, 2},
    {"background, depth at 1/2, bilinear", "background", std::nullopt, 2, true},
    {"background, depth at 1/3", "background", std::nullopt, 3},
    {"background, depth at 1/3, bilinear", "background", std::nullopt, 3, true},
};

// What a frame that comes back filled is held against.
struct Truth {
  Image right;
  Masks masks;
};

// Makes the right eye of a stream of frames in one way, and scores it.
class Contestant {
 public:
  static absl::StatusOr<Contestant> Create(const Candidate& candidate) {
    Contestant contestant;
    contestant.candidate_ = candidate;
    SF_ASSIGN_OR_RETURN(contestant.inpainter_, CreateInpainter(candidate.fill));
    SF_RETURN_IF_ERROR(contestant.inpainter_->Begin());
    return contestant;
  }

  absl::Status Push(int64_t number, const Image& left, const Image& true_displacement,
                    const std::deque<Truth>& truths) {
    InpaintFrame frame{.frame = number, .rgb = left.Clone()};
    if (candidate_.divisor == 1) {
      frame.displacement = true_displacement.Clone();
    } else {
      const Image small = Resize(true_displacement, left.width() / candidate_.divisor,
                                 left.height() / candidate_.divisor, cv::INTER_AREA);
      frame.displacement = candidate_.bilinear
                               ? Resize(small, left.width(), left.height(), cv::INTER_LINEAR)
                               : UpsampleDepth(small, left);
    }
    Splat(left, frame.displacement, true, &frame.warped);
    if (candidate_.resample) {
      Resample(left, frame.displacement, *candidate_.resample, &frame.warped);
    }
    std::vector<FilledFrame> done;
    SF_RETURN_IF_ERROR(inpainter_->Push(std::move(frame), &done));
    Take(done, truths);
    return absl::OkStatus();
  }

  absl::Status Finish(const std::deque<Truth>& truths) {
    std::vector<FilledFrame> done;
    SF_RETURN_IF_ERROR(inpainter_->Finish(&done));
    Take(done, truths);
    return absl::OkStatus();
  }

  void Print() const {
    std::printf("  %-36s %8.2f %8.2f %8.2f %8.4f\n", candidate_.name.c_str(),
                Psnr(errors_.all, errors_.frames), Psnr(errors_.holes, errors_.frames_with_holes),
                Psnr(errors_.edges, errors_.frames_with_edges),
                errors_.ssim / std::max(1, errors_.frames));
  }

 private:
  void Take(const std::vector<FilledFrame>& done, const std::deque<Truth>& truths) {
    for (const FilledFrame& filled : done) {
      const Truth& truth = truths[static_cast<size_t>(filled.frame)];
      Score(filled.rgb, truth.right, truth.masks, &errors_);
    }
  }

  Candidate candidate_;
  std::unique_ptr<Inpainter> inpainter_;
  Errors errors_;
};

absl::Status ScoreShot(const std::string& prefix) {
  SF_ASSIGN_OR_RETURN(const std::string json, ReadFile(prefix + ".json"));
  const StereoRig rig{NumberOf(json, "fx_px"), NumberOf(json, "baseline_m"),
                      NumberOf(json, "convergence_m")};
  if (rig.fx_px <= 0 || rig.baseline_m <= 0 || rig.convergence_m <= 0) {
    return absl::InvalidArgumentError(prefix + ".json lacks fx_px, baseline_m or convergence_m");
  }
  std::vector<fs::path> depth_files;
  for (const auto& entry : fs::directory_iterator(prefix + "_depth")) {
    depth_files.push_back(entry.path());
  }
  std::sort(depth_files.begin(), depth_files.end());
  SF_ASSIGN_OR_RETURN(Film left_film, Film::Open(prefix + "_left.mkv"));
  SF_ASSIGN_OR_RETURN(Film right_film, Film::Open(prefix + "_right.mkv"));

  std::vector<Contestant> contestants;
  for (const Candidate& candidate : kCandidates) {
    SF_ASSIGN_OR_RETURN(Contestant contestant, Contestant::Create(candidate));
    contestants.push_back(std::move(contestant));
  }
  std::deque<Truth> truths;  // of all frames
  double hole_share = 0;
  for (const fs::path& file : depth_files) {
    SF_ASSIGN_OR_RETURN(const Image left, left_film.Next());
    SF_ASSIGN_OR_RETURN(Image right, right_film.Next());
    if (left.empty() || right.empty()) break;
    SF_ASSIGN_OR_RETURN(ExrImage depth, ReadExr(file));
    for (int y = 0; y < left.height(); ++y) {
      float* row = depth.image.Row(0, y);
      for (int x = 0; x < left.width(); ++x) row[x] = 1.0f / row[x];
    }
    const Image displacement = DisplacementFromInverseMetres(
        depth.image, rig, SynthesizedEye::kRight, SynthesizedEye::kRight);
    WarpedFrame reference;
    Splat(left, displacement, true, &reference);
    truths.push_back({std::move(right), FindMasks(displacement, reference)});
    hole_share +=
        cv::countNonZero(truths.back().masks.holes) / (1.0 * left.width() * left.height());
    for (Contestant& contestant : contestants) {
      SF_RETURN_IF_ERROR(
          contestant.Push(static_cast<int64_t>(truths.size()) - 1, left, displacement, truths));
    }
  }
  for (Contestant& contestant : contestants) SF_RETURN_IF_ERROR(contestant.Finish(truths));
  const int frames = static_cast<int>(truths.size());
  std::printf("%s: %d frames, %.2f %% holes\n", fs::path(prefix).filename().c_str(), frames,
              100 * hole_share / std::max(1, frames));
  std::printf("  %-36s %8s %8s %8s %8s\n", "dB", "all", "holes", "edges", "SSIM");
  for (const Contestant& contestant : contestants) contestant.Print();
  return absl::OkStatus();
}

}  // namespace
}  // namespace stereofarm

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: right_eye_quality SHOT_PREFIX...\n");
    return 2;
  }
  for (int i = 1; i < argc; ++i) {
    const absl::Status status = stereofarm::ScoreShot(argv[i]);
    if (!status.ok()) {
      std::fprintf(stderr, "right_eye_quality: %s\n", std::string(status.message()).c_str());
      return 3;
    }
  }
  return 0;
}
