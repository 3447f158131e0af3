#include "models/depth/depth_anything_picture.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "absl/strings/str_format.h"

namespace stereofarm {
namespace {

constexpr int64_t kMostPixels = 16'000'000;
constexpr std::array<double, 3> kMean = {0.485, 0.456, 0.406};
constexpr std::array<double, 3> kDeviation = {0.229, 0.224, 0.225};

}  // namespace

absl::StatusOr<DepthPlan> DepthAnythingPlan(const std::string& source, ImageSize picture,
                                            int side) {
  if (picture.width < 1 || picture.height < 1) {
    return absl::InvalidArgumentError(absl::StrFormat("%s: a picture of %d x %d has no depth",
                                                      source, picture.width, picture.height));
  }
  DepthPlan plan;
  plan.input = picture;
  plan.output = DepthAnythingInputSize(picture, side);
  if (int64_t{plan.output.width} * plan.output.height > kMostPixels) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s: a picture of %d x %d is too long and narrow for this network", source,
                        picture.width, picture.height));
  }
  return plan;
}

at::Tensor DepthAnythingInput(const Image& rgb, ImageSize network) {
  at::Tensor out = at::empty({3, network.height, network.width}, at::kFloat);
  float* plane = out.mutable_data_ptr<float>();
  const size_t stride = static_cast<size_t>(rgb.stride()) * sizeof(float);
  for (int c = 0; c < 3; ++c, plane += out.size(1) * out.size(2)) {
    // OpenCV takes no const data; nothing is written to it.
    const cv::Mat from(rgb.height(), rgb.width(), CV_32F, const_cast<float*>(rgb.Plane(c)), stride);
    cv::Mat to(network.height, network.width, CV_32F, plane);
    if (from.size() == to.size()) {
      from.copyTo(to);
    } else {
      cv::resize(from, to, to.size(), 0, 0, cv::INTER_CUBIC);
    }
    const size_t channel = static_cast<size_t>(c);
    std::for_each(plane, plane + out.size(1) * out.size(2), [&](float& value) {
      value = static_cast<float>((value - kMean[channel]) / kDeviation[channel]);
    });
  }
  return out;
}

}  // namespace stereofarm
