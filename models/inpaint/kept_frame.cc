#include "models/inpaint/kept_frame.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <opencv2/imgproc.hpp>

#include "common/image/half.h"

namespace stereofarm {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// A view of a plane; `image` must outlive it.
cv::Mat View(const Image& image, int channel) {
  return cv::Mat(image.height(), image.width(), CV_32F, const_cast<float*>(image.Plane(channel)),
                 static_cast<size_t>(image.stride()) * sizeof(float));
}

cv::Size Within(int width, int height, int widest) {
  if (width <= widest) return {width, height};
  return {widest, std::max(1, static_cast<int>(std::lround(1.0 * height * widest / width)))};
}

cv::Mat Shrink(const cv::Mat& plane, cv::Size size) {
  if (size == plane.size()) return plane.clone();
  cv::Mat small;
  cv::resize(plane, small, size, 0, 0, cv::INTER_AREA);
  return small;
}

}  // namespace

KeptFrame::KeptFrame(int64_t frame, const Image& rgb, const Image& displacement)
    : frame_(frame),
      width_(rgb.width()),
      height_(rgb.height()),
      colours_(static_cast<size_t>(width_) * static_cast<size_t>(height_) * kColours),
      halves_of_displacement_(static_cast<size_t>(width_) * static_cast<size_t>(height_)),
      blocks_across_((width_ + kBlockWidth - 1) / kBlockWidth),
      blocks_down_((height_ + kBlockHeight - 1) / kBlockHeight),
      ranges_(static_cast<size_t>(blocks_across_) * static_cast<size_t>(blocks_down_),
              Range{kInfinity, -kInfinity}) {
  std::vector<float> row(static_cast<size_t>(width_) * kColours);
  for (int y = 0; y < height_; ++y) {
    const float *r = rgb.Row(0, y), *g = rgb.Row(1, y), *b = rgb.Row(2, y),
                *d = displacement.Row(0, y);
    float* out = row.data();
    for (int x = 0; x < width_; ++x) {
      out[3 * x] = r[x];
      out[3 * x + 1] = g[x];
      out[3 * x + 2] = b[x];
    }
    FloatToHalf(row.data(), colours_.get() + Number(0, y) * kColours,
                static_cast<int64_t>(row.size()));
    FloatToHalf(d, halves_of_displacement_.get() + Number(0, y), width_);
    Range* ranges =
        &ranges_[static_cast<size_t>(y / kBlockHeight) * static_cast<size_t>(blocks_across_)];
    for (int x = 0; x < width_; ++x) {
      Range& range = ranges[x / kBlockWidth];
      const bool finite = std::abs(d[x]) < kInfinity;
      range.low = std::min(range.low, finite ? d[x] : kInfinity);
      range.high = std::max(range.high, finite ? d[x] : -kInfinity);
    }
  }

  const cv::Size flow_size = Within(width_, height_, kFlowWidth);
  std::array<cv::Mat, 3> planes;
  for (int c = 0; c < 3; ++c) planes[static_cast<size_t>(c)] = Shrink(View(rgb, c), flow_size);
  cv::Mat luma = 0.299 * planes[0] + 0.587 * planes[1] + 0.114 * planes[2];
  luma.convertTo(grey_, CV_8U, 255);
  displacement_ = Shrink(View(displacement, 0), flow_size);
  cv::Mat colour;
  cv::merge(planes.data(), planes.size(), colour);
  colour_ = Shrink(colour, Within(width_, height_, kColourWidth));
}

}  // namespace stereofarm
