#ifndef STEREOFARM_MODELS_FLOW_DENSE_FLOW_H_
#define STEREOFARM_MODELS_FLOW_DENSE_FLOW_H_

#include <memory>
#include <opencv2/core.hpp>
#include <opencv2/video/tracking.hpp>
#include <string>
#include <vector>

#include "models/flow/flow_estimator.h"
#include "models/flow/flow_pair.h"

namespace stereofarm {

// Dense inverse search (Kroeger, Timofte, Dai, Van Gool: Fast Optical Flow using Dense Inverse
// Search, ECCV 2016) as in OpenCV. Its numbers depend on OpenCV's number of threads: whoever owns
// one calls PrepareOpenCv (prepare_opencv.h). Pictures with a side below 32 pixels get no flow:
// zero, with no error.
class DenseFlow : public FlowEstimator {
 public:
  DenseFlow();
  // Grey pictures, CV_8U, of one size.
  FlowPair Between(const cv::Mat& a, const cv::Mat& b);
  // a to b alone, in half of the time.
  cv::Mat Forward(const cv::Mat& a, const cv::Mat& b);

  std::shared_ptr<const FlowPicture> Look(const std::vector<cv::Mat>& rgb,
                                          const cv::Mat& grey) override;
  FlowPair Between(const FlowPicture& a, const FlowPicture& b) override;
  std::string Id() const override { return ""; }

 private:
  cv::Ptr<cv::DISOpticalFlow> dis_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_FLOW_DENSE_FLOW_H_
