// stability_quality [--frames N] SHOT_PREFIX...: what the temporal filter makes of restless depth.
//
// For each shot takes the true inverse depth (SHOT_PREFIX_depth/*.exr, channel Z, metres), gives
// every frame a random scale (10 %), a random shift (10 % of the range), smooth noise (2 %) and
// fine noise (1 %), and filters it: by DepthStabiliser, and by the recipe of SVG ("Stereoscopic
// Video Generation via Denoising Frame Matrix"): three frames along the flow, weights 1/4, 1/2, 1/4
// where the flow comes back, then a guided filter of radius 30. Prints, in percent of the true
// depth's 5 to 95 percent range: flicker, the mean change along the flow to the next frame; drift,
// the mean error after one affine map for the whole film; and after one for each frame the mean
// error next to true depth edges (2 pixels) and away from them.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <random>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/exr/exr.h"
#include "common/media/frame_index.h"
#include "common/media/frame_reader.h"
#include "common/media/picture.h"
#include "models/depth/depth_stabiliser.h"
#include "models/flow/prepare_opencv.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

cv::Mat Wrap(const Image& image, int channel) {
  return cv::Mat(image.height(), image.width(), CV_32F, const_cast<float*>(image.Plane(channel)),
                 static_cast<size_t>(image.stride()) * sizeof(float));
}

Image ImageOf(const cv::Mat& plane) {
  Image image(plane.cols, plane.rows, 1);
  for (int y = 0; y < plane.rows; ++y) {
    std::copy_n(plane.ptr<float>(y), plane.cols, image.Row(0, y));
  }
  return image;
}

struct Film {
  std::vector<Image> pictures;
  std::vector<cv::Mat> grey;   // CV_8U
  std::vector<cv::Mat> truth;  // inverse depth, brought to 0..1 by its 5 and 95 percent
  std::vector<cv::Mat> edges;  // CV_8U, not 0 within 2 pixels of a true edge
  std::vector<FlowPair> flow;  // of each frame to the next
};

absl::StatusOr<Film> ReadFilm(const std::string& shot, int64_t most) {
  std::vector<fs::path> files;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(shot + "_depth", none)) {
    if (entry.path().extension() == ".exr") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  const fs::path path = shot + "_left.mkv";
  SF_ASSIGN_OR_RETURN(FrameIndex built, BuildFrameIndex(path));
  const auto index = std::make_shared<const FrameIndex>(std::move(built));
  const int64_t count = std::min({most, index->frame_count(), static_cast<int64_t>(files.size())});
  SF_ASSIGN_OR_RETURN(const auto reader, FrameReader::Open(path, index, FrameRange{0, count}));
  ColorConverter converter(index->video.color);
  Film film;
  DenseFlow flow;
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i) {
    SF_ASSIGN_OR_RETURN(const auto frame, reader->Next());
    if (!frame) break;
    SF_ASSIGN_OR_RETURN(Image rgb, converter.ToRgb(frame->picture, frame->picture.width(),
                                                   frame->picture.height()));
    cv::Mat grey = (Wrap(rgb, 0) + Wrap(rgb, 1) + Wrap(rgb, 2)) / 3, bytes;
    grey.convertTo(bytes, CV_8U, 255);
    if (!film.grey.empty()) film.flow.push_back(flow.Between(film.grey.back(), bytes));
    film.grey.push_back(bytes);
    SF_ASSIGN_OR_RETURN(const ExrImage z, ReadExr(files[static_cast<size_t>(i)]));
    cv::Mat inverse = 1.0 / cv::max(Wrap(z.image, 0), 1e-3);
    cv::resize(inverse, inverse, bytes.size(), 0, 0, cv::INTER_AREA);
    film.truth.push_back(inverse);
    for (int y = 0; y < inverse.rows; y += 8) {
      for (int x = 0; x < inverse.cols; x += 8) values.push_back(inverse.at<float>(y, x));
    }
    film.pictures.push_back(std::move(rgb));
  }
  std::sort(values.begin(), values.end());
  if (values.empty()) return absl::NotFoundError(shot + ": has no frames with depth");
  const float low = values[values.size() / 20], high = values[values.size() * 19 / 20];
  const cv::Mat near = cv::getStructuringElement(cv::MORPH_RECT, {5, 5});
  for (cv::Mat& truth : film.truth) {
    truth = (truth - low) / (high - low);
    cv::Mat most_near, least_near, edge;
    cv::dilate(truth, most_near, cv::Mat());
    cv::erode(truth, least_near, cv::Mat());
    edge = (most_near - least_near) > 0.1;
    cv::dilate(edge, edge, near);
    film.edges.push_back(edge);
  }
  return film;
}

std::vector<cv::Mat> Restless(const Film& film, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<cv::Mat> out;
  for (const cv::Mat& truth : film.truth) {
    const float scale = std::exp(0.1f * normal(random)), shift = 0.1f * normal(random);
    cv::Mat coarse(truth.rows / 16 + 2, truth.cols / 16 + 2, CV_32F), fine(truth.size(), CV_32F);
    std::for_each(coarse.begin<float>(), coarse.end<float>(),
                  [&](float& v) { v = 0.02f * normal(random); });
    std::for_each(fine.begin<float>(), fine.end<float>(),
                  [&](float& v) { v = 0.01f * normal(random); });
    cv::Mat smooth;
    cv::resize(coarse, smooth, truth.size(), 0, 0, cv::INTER_CUBIC);
    out.push_back(truth * scale + shift + smooth + fine);
  }
  return out;
}

cv::Mat Warped(const cv::Mat& plane, const cv::Mat& flow) {
  cv::Mat places(flow.size(), CV_32FC2), out;
  for (int y = 0; y < flow.rows; ++y) {
    for (int x = 0; x < flow.cols; ++x) {
      places.at<cv::Vec2f>(y, x) =
          flow.at<cv::Vec2f>(y, x) + cv::Vec2f(static_cast<float>(x), static_cast<float>(y));
    }
  }
  cv::remap(plane, out, places, cv::noArray(), cv::INTER_LINEAR, cv::BORDER_REPLICATE);
  return out;
}

// He, Sun, Tang: Guided Image Filtering, ECCV 2010.
cv::Mat GuidedFilter(const cv::Mat& guide, const cv::Mat& plane, int radius, double epsilon) {
  const auto mean = [&](const cv::Mat& m) {
    cv::Mat out;
    cv::blur(m, out, {2 * radius + 1, 2 * radius + 1});
    return out;
  };
  const cv::Mat mg = mean(guide), mp = mean(plane);
  const cv::Mat covariance = mean(guide.mul(plane)) - mg.mul(mp);
  const cv::Mat variance = mean(guide.mul(guide)) - mg.mul(mg);
  const cv::Mat a = covariance / (variance + epsilon);
  const cv::Mat b = mp - a.mul(mg);
  return mean(a).mul(guide) + mean(b);
}

std::vector<cv::Mat> BySvg(const Film& film, const std::vector<cv::Mat>& depth) {
  std::vector<cv::Mat> out;
  for (size_t i = 0; i < depth.size(); ++i) {
    cv::Mat sum = depth[i] * 0.5;
    for (const bool later : {false, true}) {
      cv::Mat seen = depth[i].clone();
      if (later ? i + 1 < depth.size() : i > 0) {
        const FlowPair& flow = film.flow[later ? i : i - 1];
        Warped(depth[later ? i + 1 : i - 1], later ? flow.forward : flow.backward)
            .copyTo(seen, (later ? flow.forward_error : flow.backward_error) <= 1);
      }
      sum += seen * 0.25;
    }
    cv::Mat guide;
    film.grey[i].convertTo(guide, CV_32F, 1.0 / 255);
    out.push_back(GuidedFilter(guide, sum, 30, 1e-3));
  }
  return out;
}

std::vector<cv::Mat> Stabilised(const Film& film, const std::vector<cv::Mat>& depth) {
  DepthStabiliser stabiliser;
  std::vector<DepthResult> done;
  stabiliser.Begin();
  for (size_t i = 0; i < depth.size(); ++i) {
    DepthResult result;
    result.frame = static_cast<int64_t>(i);
    result.inverse_depth = ImageOf(depth[i]);
    stabiliser.Push(DepthStabiliser::Guide(film.pictures[i]), std::move(result), &done);
  }
  stabiliser.Finish(&done);
  std::vector<cv::Mat> out;
  for (const DepthResult& result : done) out.push_back(Wrap(result.inverse_depth, 0).clone());
  return out;
}

struct Moments {
  double n = 0, a = 0, b = 0, aa = 0, ab = 0;
  void Add(const cv::Mat& from, const cv::Mat& to) {
    n += static_cast<double>(from.total());
    a += cv::sum(from)[0];
    b += cv::sum(to)[0];
    aa += from.dot(from);
    ab += from.dot(to);
  }
  cv::Mat Mapped(const cv::Mat& from) const {
    const double gain = (n * ab - a * b) / (n * aa - a * a);
    return from * gain + (b - gain * a) / n;
  }
};

void Print(const char* name, const Film& film, const std::vector<cv::Mat>& depth) {
  double flicker = 0, drift = 0, edge = 0, inside = 0;
  Moments all;
  for (size_t i = 0; i < depth.size(); ++i) all.Add(depth[i], film.truth[i]);
  const double frames = static_cast<double>(depth.size());
  for (size_t i = 0; i < depth.size(); ++i) {
    drift += cv::mean(cv::abs(all.Mapped(depth[i]) - film.truth[i]))[0] / frames;
    Moments own;
    own.Add(depth[i], film.truth[i]);
    const cv::Mat error = cv::abs(own.Mapped(depth[i]) - film.truth[i]);
    edge += cv::mean(error, film.edges[i])[0] / frames;
    inside += cv::mean(error, film.edges[i] == 0)[0] / frames;
    if (i + 1 == depth.size()) break;
    const cv::Mat change =
        cv::abs(all.Mapped(Warped(depth[i + 1], film.flow[i].forward)) - all.Mapped(depth[i]));
    flicker += cv::mean(change, film.flow[i].forward_error <= 1)[0] / (frames - 1);
  }
  std::printf("  %-12s flicker %6.2f  drift %6.2f  error at edges %6.2f, elsewhere %6.2f\n", name,
              100 * flicker, 100 * drift, 100 * edge, 100 * inside);
}

int Main(int argc, char** argv) {
  int64_t frames = 48;
  std::vector<std::string> shots;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--frames" && i + 1 < argc) {
      frames = std::max(3, std::atoi(argv[++i]));
    } else {
      shots.push_back(word);
    }
  }
  if (shots.empty() || shots.front().starts_with("--")) {
    std::fprintf(stderr, "usage: stability_quality [--frames N] SHOT_PREFIX...\n");
    return 2;
  }
  PrepareOpenCv();
  for (const std::string& shot : shots) {
    const absl::StatusOr<Film> film = ReadFilm(shot, frames);
    if (!film.ok()) {
      std::fprintf(stderr, "%s: %s\n", shot.c_str(), std::string(film.status().message()).c_str());
      return 1;
    }
    const std::vector<cv::Mat> restless = Restless(*film, 7);
    std::printf("%s\n", fs::path(shot).filename().c_str());
    Print("truth", *film, film->truth);
    Print("input", *film, restless);
    Print("svg", *film, BySvg(*film, restless));
    Print("stabilised", *film, Stabilised(*film, restless));
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace
}  // namespace stereofarm

int main(int argc, char** argv) { return stereofarm::Main(argc, argv); }
