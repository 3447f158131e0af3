#include "models/flow/dense_flow.h"

#include <algorithm>
#include <memory>

namespace stereofarm {
namespace {

constexpr int kSmallestSide = 32;

}  // namespace

DenseFlow::DenseFlow() : dis_(cv::DISOpticalFlow::create(cv::DISOpticalFlow::PRESET_FAST)) {
  // As fine as the medium preset (half of the picture's size), with less work at each level: the
  // depth ranks the same, in two thirds of the time.
  dis_->setFinestScale(1);
  dis_->setPatchStride(4);
  dis_->setGradientDescentIterations(12);
  dis_->setVariationalRefinementIterations(3);
}

FlowPair DenseFlow::Between(const cv::Mat& a, const cv::Mat& b) {
  return JoinFlows(a, b, Forward(a, b), Forward(b, a));
}

std::shared_ptr<const FlowPicture> DenseFlow::Look(const std::vector<cv::Mat>& /*rgb*/,
                                                   const cv::Mat& grey) {
  auto picture = std::make_shared<FlowPicture>();
  picture->grey = grey;
  return picture;
}

FlowPair DenseFlow::Between(const FlowPicture& a, const FlowPicture& b) {
  return Between(a.grey, b.grey);
}

cv::Mat DenseFlow::Forward(const cv::Mat& a, const cv::Mat& b) {
  if (std::min(a.cols, a.rows) < kSmallestSide) return cv::Mat::zeros(a.size(), CV_32FC2);
  cv::Mat flow;
  dis_->calc(a, b, flow);
  return flow;
}

}  // namespace stereofarm
