// right_eye_quality [--frames N] [--only TEXT] SHOT_PREFIX...: how near the warped and filled right
// eye comes to the true one.
//
// For each shot reads SHOT_PREFIX_left.mkv, SHOT_PREFIX_right.mkv, SHOT_PREFIX_depth/*.exr (channel
// Z, metres, one file a frame) and SHOT_PREFIX.json (fx_px, baseline_m, convergence_m and each
// frame's left_camera_to_world). Prints PSNR over all pixels, over the pixels that true depth
// uncovers and within 8 pixels of depth edges, SSIM of luma, flicker (the mean change of what is in
// the holes from a frame to the next at the same surface point) and the fill's milliseconds a
// frame: with true depth for each fill and with each of its steps left out, with true depth at 1/2
// and 1/3 of the size brought back by UpsampleDepth and bilinearly, and with estimated depth, which
// gets the one scale and shift a shot that bring it nearest to the true displacement.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
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
#include "models/depth/create.h"
#include "models/flow/dense_flow.h"
#include "models/inpaint/background_fill.h"
#include "models/inpaint/background_inpainter.h"
#include "models/inpaint/create.h"
#include "models/inpaint/target.h"
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

struct Options {
  int frames = 0;    // of each shot; 0: all
  std::string only;  // candidates with this in their names
};

// One way to make the right eye.
struct Candidate {
  std::string name;
  std::string fill = "background";
  std::optional<ResampleKernel> resample = std::nullopt;      // of known pixels; else as splatted
  std::optional<BackgroundSettings> settings = std::nullopt;  // of the background's steps
  std::string depth;                                          // an estimator's; else the true one
  int divisor = 1;                                            // of the true depth's size
  bool bilinear = false;                                      // brings that depth up to size
};
const std::vector<Candidate> kCandidates = {
    {.name = "background, soft resampling", .resample = ResampleKernel::kSoft},
    {.name = "background+mean, soft", .fill = "background+mean", .resample = ResampleKernel::kSoft},
    {.name = "background+mean, two taps", .fill = "background+mean"},
    {.name = "background, bicubic resampling", .resample = ResampleKernel::kBicubic},
    {.name = "background, two taps"},
    {.name = "  without other frames", .settings = BackgroundSettings{.elsewhere = false}},
    {.name = "  without weighing both", .settings = BackgroundSettings{.weighed = false}},
    {.name = "  without evening exposure", .settings = BackgroundSettings{.exposure = false}},
    {.name = "  without the mean over time", .settings = BackgroundSettings{.steady = false}},
    {.name = "  each frame by itself",
     .settings = BackgroundSettings{.elsewhere = false, .weighed = false, .steady = false}},
    {.name = "stretch", .fill = "stretch"},
    {.name = "depth at 1/2", .divisor = 2},
    {.name = "depth at 1/2, bilinear", .divisor = 2, .bilinear = true},
    {.name = "depth at 1/3", .divisor = 3},
    {.name = "depth at 1/3, bilinear", .divisor = 3, .bilinear = true},
    {.name = "parallax", .resample = ResampleKernel::kSoft, .depth = "parallax"},
    {.name = "parallax, each frame by itself",
     .resample = ResampleKernel::kSoft,
     .settings = BackgroundSettings{.elsewhere = false, .weighed = false, .steady = false},
     .depth = "parallax"},
    {.name = "parallax, stretch", .fill = "stretch", .depth = "parallax"},
    {.name = "left eye as it is", .fill = ""},
};

struct ShotFrame {
  Image left, right;
  Image displacement;  // the true one
  Masks masks;
  // What stands in each pixel of the right eye, as the true depth of other frames shows it, else as
  // the background beside it has it.
  WarpedFrame geometry;
  DisparityMotion to_next;  // the true one
};

// All that's true of a shot.
struct Shot {
  std::string prefix;
  std::deque<ShotFrame> frames;
};

// The camera's motion between two frames of SHOT_PREFIX.json as a motion of disparity space.
DisparityMotion TrueMotion(const StereoRig& rig, int width, int height, const cv::Matx44d& from,
                           const cv::Matx44d& to) {
  const cv::Matx44d axes(1, 0, 0, 0, 0, -1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 1);
  const cv::Matx44d project(rig.fx_px, 0, width / 2.0 - 0.5, 0, 0, rig.fx_px, height / 2.0 - 0.5, 0,
                            0, 0, 1, 0, 0, 0, -rig.fx_px * rig.baseline_m / rig.convergence_m,
                            rig.fx_px * rig.baseline_m);
  const cv::Matx44d moved = project * axes * to.inv() * from * axes * project.inv();
  std::array<double, 16> rows;
  std::copy_n(moved.val, 16, rows.begin());
  return DisparityMotion(rows);
}

// The matrices called "left_camera_to_world", in order.
std::vector<cv::Matx44d> CameraPath(const std::string& json) {
  std::vector<cv::Matx44d> path;
  const std::string key = "\"left_camera_to_world\"";
  for (size_t at = json.find(key); at != std::string::npos; at = json.find(key, at + 1)) {
    cv::Matx44d pose;
    const char* text = json.c_str() + at + key.size();
    for (double& value : pose.val) {
      while (*text != '\0' && std::strchr("-0123456789", *text) == nullptr) ++text;
      char* end = nullptr;
      value = std::strtod(text, &end);
      text = end;
    }
    path.push_back(pose);
  }
  return path;
}

absl::StatusOr<Shot> ReadShot(const std::string& prefix, const Options& options) {
  Shot shot{.prefix = prefix};
  SF_ASSIGN_OR_RETURN(const std::string json, ReadFile(prefix + ".json"));
  const StereoRig rig{NumberOf(json, "fx_px"), NumberOf(json, "baseline_m"),
                      NumberOf(json, "convergence_m")};
  if (rig.fx_px <= 0 || rig.baseline_m <= 0 || rig.convergence_m <= 0) {
    return absl::InvalidArgumentError(prefix + ".json lacks fx_px, baseline_m or convergence_m");
  }
  const std::vector<cv::Matx44d> path = CameraPath(json);
  std::vector<fs::path> depth_files;
  for (const auto& entry : fs::directory_iterator(prefix + "_depth")) {
    depth_files.push_back(entry.path());
  }
  std::sort(depth_files.begin(), depth_files.end());
  if (options.frames > 0 && depth_files.size() > static_cast<size_t>(options.frames)) {
    depth_files.resize(static_cast<size_t>(options.frames));
  }
  if (path.size() < depth_files.size()) {
    return absl::InvalidArgumentError(prefix + ".json lacks left_camera_to_world of some frame");
  }
  SF_ASSIGN_OR_RETURN(Film left_film, Film::Open(prefix + "_left.mkv"));
  SF_ASSIGN_OR_RETURN(Film right_film, Film::Open(prefix + "_right.mkv"));
  std::deque<KeptFrame> kept;
  for (const fs::path& file : depth_files) {
    ShotFrame frame;
    SF_ASSIGN_OR_RETURN(frame.left, left_film.Next());
    SF_ASSIGN_OR_RETURN(frame.right, right_film.Next());
    if (frame.left.empty() || frame.right.empty()) break;
    SF_ASSIGN_OR_RETURN(ExrImage depth, ReadExr(file));
    for (int y = 0; y < frame.left.height(); ++y) {
      float* row = depth.image.Row(0, y);
      for (int x = 0; x < frame.left.width(); ++x) row[x] = 1.0f / row[x];
    }
    frame.displacement = DisplacementFromInverseMetres(depth.image, rig, SynthesizedEye::kRight,
                                                       SynthesizedEye::kRight);
    Splat(frame.left, frame.displacement, true, &frame.geometry);
    frame.masks = FindMasks(frame.displacement, frame.geometry);
    kept.emplace_back(static_cast<int64_t>(kept.size()), frame.left, frame.displacement);
    shot.frames.push_back(std::move(frame));
  }
  const int count = static_cast<int>(shot.frames.size());
  SeenElsewhere elsewhere;
  for (int t = 0; t < count; ++t) {
    ShotFrame& frame = shot.frames[static_cast<size_t>(t)];
    std::vector<SeenFrom> neighbours;
    for (const int distance : {-8, -4, -2, -1, 1, 2, 4, 8}) {
      const int u = t + distance;
      if (u < 0 || u >= count) continue;
      neighbours.push_back(
          {&kept[static_cast<size_t>(u)],
           TrueMotion(rig, frame.left.width(), frame.left.height(), path[static_cast<size_t>(u)],
                      path[static_cast<size_t>(t)])});
    }
    elsewhere.Fill(kept[static_cast<size_t>(t)], neighbours, nullptr, &frame.geometry);
    FillFromBackground(&frame.geometry);
    if (t + 1 < count) {
      frame.to_next = TrueMotion(rig, frame.left.width(), frame.left.height(),
                                 path[static_cast<size_t>(t)], path[static_cast<size_t>(t) + 1]);
    }
  }
  return shot;
}

// Catmull and Rom's cubic, so that the measure itself blurs little.
float SampleCubic(const Image& image, int channel, float x, float y) {
  const auto weights = [](float t) {
    return std::array<float, 4>{((-0.5f * t + 1) * t - 0.5f) * t, (1.5f * t - 2.5f) * t * t + 1,
                                ((-1.5f * t + 2) * t + 0.5f) * t, (0.5f * t - 0.5f) * t * t};
  };
  const int x0 = static_cast<int>(std::floor(x)), y0 = static_cast<int>(std::floor(y));
  const auto wx = weights(x - static_cast<float>(x0)), wy = weights(y - static_cast<float>(y0));
  float sum = 0;
  for (int j = 0; j < 4; ++j) {
    const float* row = image.Row(channel, std::clamp(y0 - 1 + j, 0, image.height() - 1));
    for (int i = 0; i < 4; ++i) {
      sum += wy[static_cast<size_t>(j)] * wx[static_cast<size_t>(i)] *
             row[std::clamp(x0 - 1 + i, 0, image.width() - 1)];
    }
  }
  return sum;
}

// How much a surface point that is in holes of two frames in a row changes between them, by the
// true camera and the true depth: mean of |difference| in code values of 255.
class Flicker {
 public:
  void Add(const ShotFrame& now, const ShotFrame& next, const Image& before, const Image& after) {
    constexpr float kSameSurface = 1.0f;  // pixels of displacement
    for (int y = 0; y < before.height(); ++y) {
      for (int x = 0; x < before.width(); ++x) {
        if (now.masks.holes.at<uint8_t>(y, x) == 0) continue;
        const double d = now.geometry.displacement.Row(0, y)[x];
        const SeenPoint p = now.to_next.Apply({x + d, static_cast<double>(y), d});
        const float tx = static_cast<float>(p.x - p.d), ty = static_cast<float>(p.y);
        const int nx = static_cast<int>(std::lround(tx)), ny = static_cast<int>(std::lround(ty));
        if (nx < 0 || ny < 0 || nx >= before.width() || ny >= before.height()) continue;
        if (next.masks.holes.at<uint8_t>(ny, nx) == 0) continue;
        if (std::abs(next.geometry.displacement.Row(0, ny)[nx] - p.d) > kSameSurface) continue;
        for (int c = 0; c < 3; ++c) {
          const float there = SampleCubic(after, c, tx, ty);
          sum_ += 255 * std::abs(there - before.Row(c, y)[x]) / 3;
        }
        count_ += 1;
      }
    }
  }
  double Mean() const { return count_ > 0 ? sum_ / count_ : 0; }

 private:
  double sum_ = 0, count_ = 0;
};

void Print(const std::string& name, const Errors& errors, double flicker, double milliseconds) {
  std::printf("  %-36s %8.2f %8.2f %8.2f %8.4f %8.2f %8.0f\n", name.c_str(),
              Psnr(errors.all, errors.frames), Psnr(errors.holes, errors.frames_with_holes),
              Psnr(errors.edges, errors.frames_with_edges),
              errors.ssim / std::max(1, errors.frames), flicker, milliseconds);
  std::fflush(stdout);
}

// Displacement of each frame by an estimator's depth, with the one scale and shift for the shot
// that bring it nearest to the true displacement.
absl::StatusOr<std::vector<Image>> EstimateDisplacement(const Shot& shot, const std::string& name) {
  SF_ASSIGN_OR_RETURN(const auto estimator, CreateDepthEstimator(name, "cpu"));
  const Image& first = shot.frames.front().left;
  const ImageSize size{first.width(), first.height()};
  SF_ASSIGN_OR_RETURN(const DepthPlan plan, estimator->Plan(size));
  SF_RETURN_IF_ERROR(estimator->Begin(size));
  std::vector<DepthResult> done;
  for (size_t t = 0; t < shot.frames.size(); ++t) {
    DepthInput input{static_cast<int64_t>(t), Image(plan.input.width, plan.input.height, 3)};
    for (int c = 0; c < 3; ++c) {
      cv::Mat target = Wrap(input.rgb, c);
      cv::resize(Wrap(shot.frames[t].left, c), target, target.size(), 0, 0, cv::INTER_AREA);
    }
    SF_RETURN_IF_ERROR(estimator->Push(std::move(input), &done));
  }
  SF_RETURN_IF_ERROR(estimator->Finish(&done));
  double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
  for (size_t t = 0; t < done.size(); ++t) {
    const Image& depth = done[t].inverse_depth;
    const Image truth =
        Resize(shot.frames[t].displacement, depth.width(), depth.height(), cv::INTER_AREA);
    for (int y = 0; y < depth.height(); y += 2) {
      for (int x = 0; x < depth.width(); x += 2) {
        const double a = depth.Row(0, y)[x], b = truth.Row(0, y)[x];
        n += 1;
        sx += a;
        sy += b;
        sxx += a * a;
        sxy += a * b;
      }
    }
  }
  const double scale = (n * sxy - sx * sy) / std::max(n * sxx - sx * sx, 1e-12);
  const double shift = (sy - scale * sx) / n;
  std::vector<Image> displacements;
  for (size_t t = 0; t < done.size(); ++t) {
    cv::Mat depth = Wrap(done[t].inverse_depth, 0);
    depth = depth * scale + shift;
    displacements.push_back(UpsampleDepth(done[t].inverse_depth, shot.frames[t].left));
  }
  return displacements;
}

absl::StatusOr<Image> DisplacementOf(const Candidate& candidate, const ShotFrame& frame) {
  if (candidate.divisor == 1) return frame.displacement.Clone();
  const int width = frame.left.width(), height = frame.left.height();
  const Image small = Resize(frame.displacement, width / candidate.divisor,
                             height / candidate.divisor, cv::INTER_AREA);
  if (candidate.bilinear) return Resize(small, width, height, cv::INTER_LINEAR);
  return UpsampleDepth(small, frame.left);
}

absl::Status ScoreCandidate(const Shot& shot, const Candidate& candidate) {
  std::unique_ptr<Inpainter> inpainter;
  if (candidate.settings) {
    inpainter = std::make_unique<BackgroundInpainter>(*candidate.settings);
  } else if (!candidate.fill.empty()) {
    SF_ASSIGN_OR_RETURN(inpainter, CreateInpainter(candidate.fill));
  }
  std::vector<Image> estimated;
  if (!candidate.depth.empty()) {
    SF_ASSIGN_OR_RETURN(estimated, EstimateDisplacement(shot, candidate.depth));
  }
  Errors errors;
  Flicker flicker;
  Image last;
  double seconds = 0;
  const auto take = [&](std::vector<FilledFrame>* done) {
    for (FilledFrame& filled : *done) {
      const size_t t = static_cast<size_t>(filled.frame);
      Score(filled.rgb, shot.frames[t].right, shot.frames[t].masks, &errors);
      if (t > 0) flicker.Add(shot.frames[t - 1], shot.frames[t], last, filled.rgb);
      last = std::move(filled.rgb);
    }
    done->clear();
  };
  std::vector<FilledFrame> done;
  if (inpainter != nullptr) SF_RETURN_IF_ERROR(inpainter->Begin());
  for (size_t t = 0; t < shot.frames.size(); ++t) {
    const ShotFrame& truth = shot.frames[t];
    if (inpainter == nullptr) {
      done.push_back({static_cast<int64_t>(t), truth.left.Clone(), {}});
      take(&done);
      continue;
    }
    InpaintFrame frame{.frame = static_cast<int64_t>(t), .rgb = truth.left.Clone()};
    if (estimated.empty()) {
      SF_ASSIGN_OR_RETURN(frame.displacement, DisplacementOf(candidate, truth));
    } else {
      frame.displacement = std::move(estimated[t]);
    }
    Splat(truth.left, frame.displacement, true, &frame.warped);
    if (candidate.resample) {
      Resample(truth.left, frame.displacement, *candidate.resample, &frame.warped);
    }
    const std::clock_t begin = std::clock();
    SF_RETURN_IF_ERROR(inpainter->Push(std::move(frame), &done));
    seconds += static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    take(&done);
  }
  if (inpainter != nullptr) SF_RETURN_IF_ERROR(inpainter->Finish(&done));
  take(&done);
  Print(candidate.name, errors, flicker.Mean(),
        1000 * seconds / static_cast<double>(shot.frames.size()));
  return absl::OkStatus();
}

absl::Status ScoreShot(const std::string& prefix, const Options& options) {
  SF_ASSIGN_OR_RETURN(const Shot shot, ReadShot(prefix, options));
  double hole_share = 0;
  Flicker flicker;
  for (size_t t = 0; t < shot.frames.size(); ++t) {
    const ShotFrame& frame = shot.frames[t];
    hole_share +=
        cv::countNonZero(frame.masks.holes) / static_cast<double>(frame.masks.holes.total());
    if (t == 0) continue;
    flicker.Add(shot.frames[t - 1], frame, shot.frames[t - 1].right, frame.right);
  }
  std::printf("%s: %zu frames, %.2f %% holes; in them the true right eye changes by %.2f\n",
              fs::path(prefix).filename().c_str(), shot.frames.size(),
              100 * hole_share / std::max(1.0, static_cast<double>(shot.frames.size())),
              flicker.Mean());
  std::printf("  %-36s %8s %8s %8s %8s %8s %8s\n", "dB", "all", "holes", "edges", "SSIM", "flicker",
              "ms");
  for (const Candidate& candidate : kCandidates) {
    if (candidate.name.find(options.only) == std::string::npos) continue;
    SF_RETURN_IF_ERROR(ScoreCandidate(shot, candidate));
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace stereofarm

int main(int argc, char** argv) {
  stereofarm::Options options;
  int at = 1;
  for (; at + 1 < argc && argv[at][0] == '-'; at += 2) {
    const std::string name = argv[at];
    if (name == "--frames") options.frames = std::atoi(argv[at + 1]);
    if (name == "--only") options.only = argv[at + 1];
  }
  if (at >= argc) {
    std::fprintf(stderr, "usage: right_eye_quality [--frames N] [--only TEXT] SHOT_PREFIX...\n");
    return 2;
  }
  for (; at < argc; ++at) {
    const absl::Status status = stereofarm::ScoreShot(argv[at], options);
    if (!status.ok()) {
      std::fprintf(stderr, "right_eye_quality: %s\n", std::string(status.message()).c_str());
      return 3;
    }
  }
  return 0;
}
