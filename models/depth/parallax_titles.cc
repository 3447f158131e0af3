#include "models/depth/parallax_titles.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <opencv2/imgproc.hpp>

namespace stereofarm {
namespace {

constexpr int kSharp = 60;            // levels over two pixels, of an edge of text
constexpr double kSame = 0.25;        // of an edge: more has changed
constexpr double kMoves = 1;          // pixels at 480
constexpr double kMovesAround = 0.5;  // of what is around text
constexpr double kFlowBlur = 8;       // reach of text in the flow beyond its rim, pixels at 480
constexpr double kPlane = 0.6;        // of what text covers lies behind it
constexpr double kDensity = 0.12;     // of text is edge

cv::Mat Ellipse(double reach) {
  const int r = std::max(1, static_cast<int>(std::lround(reach)));
  return cv::getStructuringElement(cv::MORPH_ELLIPSE, {2 * r + 1, 2 * r + 1});
}

// Sharp edges of `grey`, 255 where all of `others` have the same one.
cv::Mat StillEdges(const cv::Mat& grey, const std::vector<const cv::Mat*>& others) {
  cv::Mat still = cv::Mat::zeros(grey.size(), CV_8U);
  for (int y = 1; y + 1 < grey.rows; ++y) {
    const uint8_t *above = grey.ptr(y - 1), *row = grey.ptr(y), *below = grey.ptr(y + 1);
    uint8_t* out = still.ptr(y);
    for (int x = 1; x + 1 < grey.cols; ++x) {
      const int gx = row[x + 1] - row[x - 1], gy = below[x] - above[x];
      const int size = gx * gx + gy * gy;
      if (size < kSharp * kSharp) continue;
      bool same = true;
      for (const cv::Mat* other : others) {
        const uint8_t* its = other->ptr(y);
        const int dx = its[x + 1] - its[x - 1] - gx;
        const int dy = other->at<uint8_t>(y + 1, x) - other->at<uint8_t>(y - 1, x) - gy;
        same = same && dx * dx + dy * dy < kSame * kSame * size;
      }
      if (same) out[x] = 255;
    }
  }
  return still;
}

// 255 where `flow` is longer than `least` pixels.
cv::Mat MovesBy(const cv::Mat& flow, double least) {
  cv::Mat out(flow.size(), CV_8U);
  const float limit = static_cast<float>(least * least);
  for (int y = 0; y < flow.rows; ++y) {
    const cv::Vec2f* f = flow.ptr<cv::Vec2f>(y);
    uint8_t* o = out.ptr(y);
    for (int x = 0; x < flow.cols; ++x) {
      o[x] = f[x][0] * f[x][0] + f[x][1] * f[x][1] > limit ? 255 : 0;
    }
  }
  return out;
}

}  // namespace

cv::Mat FindTitles(const cv::Mat& grey, const std::vector<const cv::Mat*>& others,
                   const cv::Mat& flow) {
  const double unit = grey.cols / 480.0;
  const cv::Mat still = StillEdges(grey, others);
  if (others.empty() || cv::countNonZero(still) < 60 * unit) return cv::Mat();
  // Letters hang together to lines.
  cv::Mat lines, labels, stats, centres;
  cv::morphologyEx(still, lines, cv::MORPH_CLOSE,
                   cv::getStructuringElement(cv::MORPH_RECT, {static_cast<int>(20 * unit) | 1,
                                                              static_cast<int>(5 * unit) | 1}));
  const int found = cv::connectedComponentsWithStats(lines, labels, stats, centres, 8, CV_32S);
  cv::Mat titles = cv::Mat::zeros(grey.size(), CV_8U);
  bool any = false;
  for (int i = 1; i < found; ++i) {
    const cv::Rect box(stats.at<int>(i, cv::CC_STAT_LEFT), stats.at<int>(i, cv::CC_STAT_TOP),
                       stats.at<int>(i, cv::CC_STAT_WIDTH), stats.at<int>(i, cv::CC_STAT_HEIGHT));
    const int area = stats.at<int>(i, cv::CC_STAT_AREA);
    if (box.height < 5 * unit || box.width > 0.9 * grey.cols || area < 40 * unit * unit) continue;
    const int margin = static_cast<int>(std::lround(2 * kFlowBlur * unit));
    const cv::Rect around =
        cv::Rect(box.x - margin, box.y - margin, box.width + 2 * margin, box.height + 2 * margin) &
        cv::Rect(0, 0, grey.cols, grey.rows);
    const cv::Mat line = labels(around) == i;
    if (cv::countNonZero(still(around) & line) < kDensity * area) continue;
    cv::Mat rim, blurred;
    cv::dilate(line, rim, Ellipse(2 * unit));
    cv::dilate(line, blurred, Ellipse(kFlowBlur * unit));
    const cv::Mat moving = MovesBy(flow(around), kMoves * unit);
    const cv::Mat outside = ~blurred;
    if (cv::countNonZero(moving & outside) < kMovesAround * cv::countNonZero(outside) ||
        2 * cv::countNonZero(moving & line) > cv::countNonZero(line)) {
      continue;
    }
    titles(around) |= rim;
    any = true;
  }
  return any ? titles : cv::Mat();
}

cv::Mat UncoverTitles(const cv::Mat& titles, MeasuredDepth* measured) {
  cv::Mat uncovered;
  cv::dilate(titles, uncovered, Ellipse(kFlowBlur * titles.cols / 480.0));
  measured->weight.setTo(0, uncovered);
  measured->own.setTo(0, uncovered);
  return uncovered;
}

void FillUncovered(const cv::Mat& uncovered, MeasuredDepth* measured) {
  const double unit = uncovered.cols / 480.0;
  const float middling = Quantile(measured->weight, 0.4);
  // Weighted means of what is around, at a quarter of the size.
  cv::Mat known = measured->weight.clone(), weighted;
  cv::multiply(measured->rho, known, weighted);
  const cv::Size size(std::max(1, uncovered.cols / 4), std::max(1, uncovered.rows / 4));
  for (cv::Mat* plane : {&known, &weighted}) {
    cv::resize(*plane, *plane, size, 0, 0, cv::INTER_AREA);
    cv::GaussianBlur(*plane, *plane, {0, 0}, kFlowBlur * unit / 4, 0, cv::BORDER_REPLICATE);
    cv::resize(*plane, *plane, uncovered.size(), 0, 0, cv::INTER_LINEAR);
  }
  for (int y = 0; y < uncovered.rows; ++y) {
    const uint8_t* is_uncovered = uncovered.ptr(y);
    const float* k = known.ptr<float>(y);
    const float* w = weighted.ptr<float>(y);
    float* rho = measured->rho.ptr<float>(y);
    float* weight = measured->weight.ptr<float>(y);
    for (int x = 0; x < uncovered.cols; ++x) {
      if (is_uncovered[x] == 0 || !(k[x] > 0)) continue;
      rho[x] = w[x] / k[x];
      weight[x] = middling;
    }
  }
}

void FlattenTitles(const cv::Mat& titles, cv::Mat* rho) {
  cv::Mat mask;
  titles.convertTo(mask, CV_32F);
  rho->setTo(Quantile(*rho, kPlane, 2, mask), titles);
}

}  // namespace stereofarm
