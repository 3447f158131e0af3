#include "models/depth/parallax_movers.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <optional>

#include "models/depth/edge_smoother.h"

namespace stereofarm {
namespace {

// Of motion that no still point has, pixels at 480.
constexpr float kSureMotion = 0.8f;
constexpr float kFaintMotion = 0.5f;
constexpr double kSmallest = 120;    // pixels of a mover at 480
constexpr double kMostMoving = 0.3;  // of the picture: more is a scene that wasn't understood
// Of inverse depth: on the ground within a fifth; hovering from a quarter on.
constexpr float kOnGround = 0.2f;
constexpr float kHovers = 1.25f;
// Height of what walks and drives, in heights of the camera above the ground.
constexpr double kTallest = 1.25;
// Squared signal-to-noise ratio of the middling pixel: below the first what differs may be noise.
constexpr double kDoubtful = 50;
constexpr double kSure = 200;
constexpr double kSideMargin = 0.04;  // of the width: what leaves the picture is let go
constexpr double kFlowBlur = 8;       // reach of a mover's flow beyond its outline, at 480
constexpr float kRather = 0.6f;
constexpr float kApart = 1.0f;  // pixels at 480: surely another surface
constexpr float kMattingLambda = 60;
constexpr float kMattingSigma = 8.0f / 255;

// Everything at half size.
struct Scene {
  int width, height;
  double unit;  // a pixel at 480
  cv::Mat rho, weight, own;
  GroundPlane ground;
  double Horizon(double x) const { return -(ground.offset + ground.by_x * x) / ground.by_y; }
};

struct Mover {
  cv::Rect box;               // where it may be
  int seen_left, seen_right;  // columns of its seeds
  cv::Mat seeds;              // CV_8U, of the picture's size: surely it
  float rho;                  // its own, as measured
  float depth;                // inverse depth of the ground under it
  float strength;             // 0..1
};

cv::Mat Halved(const cv::Mat& plane, cv::Size size) {
  cv::Mat out;
  cv::resize(plane, out, size, 0, 0, cv::INTER_AREA);
  return out;
}

float MedianWithin(const cv::Mat& plane, const cv::Mat& mask) {
  std::vector<float> values;
  for (int y = 0; y < plane.rows; ++y) {
    for (int x = 0; x < plane.cols; ++x) {
      if (mask.at<uint8_t>(y, x) != 0) values.push_back(plane.at<float>(y, x));
    }
  }
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// The lowest row in which a mask is at least a fifth as wide as it mostly is: its feet, less what
// the flow adds to them.
int FootOf(const cv::Mat& mask, const cv::Rect& box) {
  std::vector<int> widths;
  for (int y = box.y; y < box.y + box.height; ++y) {
    widths.push_back(cv::countNonZero(mask.row(y).colRange(box.x, box.x + box.width)));
  }
  std::vector<int> sorted = widths;
  std::nth_element(sorted.begin(), sorted.begin() + box.height / 2, sorted.end());
  int row = box.height - 1;
  while (row > 0 &&
         5 * widths[static_cast<size_t>(row)] < sorted[static_cast<size_t>(box.height / 2)])
    --row;
  return box.y + row;
}

// Fades to 0 as a box comes to the picture's sides.
float Inside(const Scene& scene, const cv::Rect& box) {
  const double left = box.x, right = scene.width - box.x - box.width;
  return static_cast<float>(
      std::clamp(std::min(left, right) / (kSideMargin * scene.width), 0.0, 1.0));
}

// What its seeds say of a mover that stands at `foot`; nullopt where there's no ground.
std::optional<Mover> Standing(const Scene& scene, const cv::Mat& seeds, const cv::Rect& seen,
                              int foot) {
  const double x = seen.x + 0.5 * seen.width;
  const double horizon = scene.Horizon(x);
  const double tall = foot - horizon;
  if (tall < 0.04 * scene.height) return std::nullopt;
  Mover mover;
  mover.depth = static_cast<float>(scene.ground.At(x, foot));
  mover.seeds = seeds;
  mover.rho = MedianWithin(scene.rho, seeds);
  mover.strength = 1;
  mover.seen_left = seen.x;
  mover.seen_right = seen.x + seen.width;
  const int top = std::min(seen.y, static_cast<int>(foot - kTallest * tall));
  const int side = std::max(seen.width / 2, static_cast<int>(0.15 * tall));
  mover.box = cv::Rect(seen.x - side, top, seen.width + 2 * side, foot + 3 - top) &
              cv::Rect(0, 0, scene.width, scene.height);
  if (mover.box.empty()) return std::nullopt;
  return mover;
}

// Moves as no still point can, or lies below the ground.
void FindByMotion(const Scene& scene, std::vector<Mover>* movers) {
  cv::Mat motion(scene.height, scene.width, CV_32F);
  for (int y = 0; y < scene.height; ++y) {
    const float* rho = scene.rho.ptr<float>(y);
    const float* weight = scene.weight.ptr<float>(y);
    const float* own = scene.own.ptr<float>(y);
    float* out = motion.ptr<float>(y);
    for (int x = 0; x < scene.width; ++x) {
      const float ground = static_cast<float>(scene.ground.At(x, y));
      const float below = std::max((1 - kOnGround) * ground - rho[x], 0.0f);
      out[x] = std::max(own[x], 0.15f * below * std::sqrt(weight[x]));
    }
  }
  const float noise = Quantile(scene.own, 0.5, 2);
  cv::Mat faint = motion > std::max(kFaintMotion, 4 * noise);
  const cv::Mat sure = motion > std::max(kSureMotion, 6 * noise);
  cv::morphologyEx(faint, faint, cv::MORPH_OPEN,
                   cv::getStructuringElement(cv::MORPH_ELLIPSE, {5, 5}));
  // Legs belong to the body above them.
  const int gap = 2 * (scene.height / 40) + 1;
  cv::morphologyEx(faint, faint, cv::MORPH_CLOSE,
                   cv::getStructuringElement(cv::MORPH_RECT, {3, gap}));
  cv::Mat labels, stats, centres;
  const int count = cv::connectedComponentsWithStats(faint, labels, stats, centres, 8, CV_32S);
  for (int i = 1; i < count; ++i) {
    const cv::Rect box(stats.at<int>(i, cv::CC_STAT_LEFT), stats.at<int>(i, cv::CC_STAT_TOP),
                       stats.at<int>(i, cv::CC_STAT_WIDTH), stats.at<int>(i, cv::CC_STAT_HEIGHT));
    if (stats.at<int>(i, cv::CC_STAT_AREA) < kSmallest * scene.unit * scene.unit) continue;
    const cv::Mat seeds = labels == i;
    if (cv::countNonZero(seeds & sure) < kSmallest * scene.unit * scene.unit) continue;
    if (auto mover = Standing(scene, seeds, box, FootOf(seeds, box))) {
      movers->push_back(*mover);
    }
  }
}

// Row at which a column stops being ground, from below; -1 where it is none at all.
int GroundEnds(const Scene& scene, int x) {
  const int last = scene.height - 1;
  const int horizon = static_cast<int>(std::max(0.0, scene.Horizon(x))) + scene.height / 25;
  int off = 0;
  for (int y = last; y > horizon; --y) {
    const float ground = static_cast<float>(scene.ground.At(x, y));
    off = std::abs(scene.rho.at<float>(y, x) - ground) > kOnGround * ground ? off + 1 : 0;
    if (off == 4) return y + 4 >= last - 3 ? -1 : y + 4;
  }
  return -1;
}

// Nearer than the ground right below.
void FindHovering(const Scene& scene, std::vector<Mover>* movers) {
  std::vector<int> ends(static_cast<size_t>(scene.width));
  std::vector<float> above(static_cast<size_t>(scene.width), 0);
  for (int x = 0; x < scene.width; ++x) {
    const size_t i = static_cast<size_t>(x);
    ends[i] = GroundEnds(scene, x);
    if (ends[i] < 0) continue;
    // Past the flow's soft border.
    const int y = ends[i] - 8;
    if (y < 2) continue;
    float values[5];
    for (int k = 0; k < 5; ++k) values[k] = scene.rho.at<float>(y + k - 2, x);
    std::nth_element(values, values + 2, values + 5);
    if (values[2] > kHovers * scene.ground.At(x, ends[i])) above[i] = values[2];
  }
  const int narrowest = std::max(1, static_cast<int>(12 * scene.unit));
  for (int x = 0; x < scene.width;) {
    int end = x;
    while (end < scene.width && above[static_cast<size_t>(end)] > 0) ++end;
    if (end - x < narrowest) {
      x = end + 1;
      continue;
    }
    std::vector<float> values(above.begin() + x, above.begin() + end);
    std::nth_element(values.begin(), values.begin() + (end - x) / 2, values.end());
    const float rho = values[static_cast<size_t>((end - x) / 2)];
    // All that hangs together at this depth.
    cv::Mat band = (scene.rho > rho / 1.3) & (scene.rho < rho * 1.3);
    cv::morphologyEx(band, band, cv::MORPH_OPEN,
                     cv::getStructuringElement(cv::MORPH_ELLIPSE, {5, 5}));
    cv::Mat labels, stats, centres;
    cv::connectedComponentsWithStats(band, labels, stats, centres, 4, CV_32S);
    const int middle = (x + end) / 2;
    const int label = labels.at<int>(std::max(0, ends[static_cast<size_t>(middle)] - 8), middle);
    x = end + 1;
    if (label == 0) continue;
    const cv::Rect box(
        stats.at<int>(label, cv::CC_STAT_LEFT), stats.at<int>(label, cv::CC_STAT_TOP),
        stats.at<int>(label, cv::CC_STAT_WIDTH), stats.at<int>(label, cv::CC_STAT_HEIGHT));
    const cv::Mat seeds = labels == label;
    const int lowest = box.y + box.height - 1;
    const float under = static_cast<float>(scene.ground.At(box.x + 0.5 * box.width, lowest));
    if (lowest >= scene.height - 3 || rho < kHovers * under ||
        stats.at<int>(label, cv::CC_STAT_AREA) < kSmallest * scene.unit * scene.unit) {
      continue;
    }
    if (auto mover = Standing(scene, seeds, box, lowest)) {
      mover->strength = Inside(scene, box);
      movers->push_back(*mover);
    }
  }
}

// Share of each pixel of its box that belongs to a mover: seeds are it; what was measured clearly
// elsewhere, and the box's border, isn't; the rest follows the picture's edges.
cv::Mat Matte(const Scene& scene, const std::vector<cv::Mat>& rgb, const Mover& mover) {
  // A head against the sky is cut off by the picture's edges: what stands above the seeds rather is
  // the mover.
  cv::Mat share = cv::Mat::zeros(mover.box.size(), CV_32F);
  share.colRange(mover.seen_left - mover.box.x, mover.seen_right - mover.box.x).setTo(kRather);
  cv::Mat known = cv::Mat(mover.box.size(), CV_32F, cv::Scalar(0.01));
  cv::Mat surely;
  cv::erode(mover.seeds, surely, cv::getStructuringElement(cv::MORPH_ELLIPSE, {3, 3}));
  for (int y = 0; y < mover.box.height; ++y) {
    const int v = y + mover.box.y;
    for (int x = 0; x < mover.box.width; ++x) {
      const int u = x + mover.box.x;
      const float apart = 0.15f * std::abs(scene.rho.at<float>(v, u) - mover.rho) *
                          std::sqrt(scene.weight.at<float>(v, u));
      if (surely.at<uint8_t>(v, u) != 0) {
        share.at<float>(y, x) = 1;
        known.at<float>(y, x) = 1;
      } else if (mover.seeds.at<uint8_t>(v, u) == 0 &&
                 (apart > kApart || x == 0 || y == 0 || x == mover.box.width - 1 ||
                  y == mover.box.height - 1)) {
        share.at<float>(y, x) = 0;
        known.at<float>(y, x) = 1;
      }
    }
  }
  std::vector<cv::Mat> guide;
  for (const cv::Mat& plane : rgb) guide.push_back(plane(mover.box));
  share = share.mul(known);
  EdgeSmoother(guide, kMattingLambda, kMattingSigma).Smooth({&share, &known});
  cv::divide(share, known, share);
  return share;
}

}  // namespace

Movers FindMovers(const std::vector<cv::Mat>& rgb, const GroundPlane& ground,
                  const MeasuredDepth& measured) {
  const cv::Size full = measured.rho.size();
  const cv::Size size(full.width / 2, full.height / 2);
  Scene scene{
      size.width,
      size.height,
      size.width / 480.0,
      Halved(measured.rho, size),
      Halved(measured.weight, size),
      Halved(measured.own, size),
      {2 * ground.by_y, 2 * ground.by_x, ground.offset + 0.5 * (ground.by_x + ground.by_y)}};
  const double sureness = Quantile(scene.weight, 0.5, 2);
  if (sureness <= kDoubtful) return {};
  std::vector<Mover> movers;
  FindByMotion(scene, &movers);
  FindHovering(scene, &movers);
  if (movers.empty()) return {};
  std::vector<cv::Mat> guide;
  for (const cv::Mat& plane : rgb) guide.push_back(Halved(plane, size));
  cv::Mat share = cv::Mat::zeros(size, CV_32F);
  cv::Mat level = cv::Mat::zeros(size, CV_32F);
  for (const Mover& mover : movers) {
    const cv::Mat matte = Matte(scene, guide, mover);
    for (int y = 0; y < mover.box.height; ++y) {
      float* s = share.ptr<float>(y + mover.box.y) + mover.box.x;
      float* l = level.ptr<float>(y + mover.box.y) + mover.box.x;
      const float* m = matte.ptr<float>(y);
      for (int x = 0; x < mover.box.width; ++x) {
        // From half a pixel's share on it's the mover's.
        const float value = mover.strength * std::clamp(2.5f * m[x] - 0.75f, 0.0f, 1.0f);
        if (value <= s[x]) continue;
        s[x] = value;
        l[x] = mover.depth;
      }
    }
  }
  const double moving = cv::mean(share)[0];
  share *= std::clamp((1.3 * kMostMoving - moving) / (0.3 * kMostMoving), 0.0, 1.0) *
           std::clamp((sureness - kDoubtful) / (kSure - kDoubtful), 0.0, 1.0);
  Movers out;
  cv::resize(share, out.share, full, 0, 0, cv::INTER_LINEAR);
  cv::resize(level, out.depth, full, 0, 0, cv::INTER_NEAREST);
  const int reach = static_cast<int>(std::lround(kFlowBlur * scene.unit));
  cv::Mat belonging = share > 0.5, around;
  cv::dilate(belonging, around,
             cv::getStructuringElement(cv::MORPH_ELLIPSE, {2 * reach + 1, 2 * reach + 1}));
  around &= ~belonging;
  cv::resize(around, out.blurred, full, 0, 0, cv::INTER_NEAREST);
  return out;
}

}  // namespace stereofarm
