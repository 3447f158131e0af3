#ifndef STEREOFARM_MODELS_FLOW_FLOW_ESTIMATOR_H_
#define STEREOFARM_MODELS_FLOW_FLOW_ESTIMATOR_H_

#include <memory>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "models/flow/flow_pair.h"

namespace stereofarm {

// What is kept of a frame for its flow to and from others.
struct FlowPicture {
  virtual ~FlowPicture() = default;
  cv::Mat grey;  // CV_8U
};

// Optical flow between frames of one size. Not thread-safe.
class FlowEstimator {
 public:
  virtual ~FlowEstimator() = default;
  // `rgb`: three CV_32F planes, code values 0..1; `grey`: their luma, CV_8U.
  virtual std::shared_ptr<const FlowPicture> Look(const std::vector<cv::Mat>& rgb,
                                                  const cv::Mat& grey) = 0;
  // Of two pictures that this estimator looked at.
  virtual FlowPair Between(const FlowPicture& a, const FlowPicture& b) = 0;
  // Why a call failed, of those since the last look; flows since then are zero. Whoever asks for
  // many looks once, behind them.
  virtual absl::Status TakeStatus() { return absl::OkStatus(); }
  // What it adds to the name and version of who uses it; nothing for the one that's built in.
  virtual std::string Id() const = 0;
};

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_FLOW_FLOW_ESTIMATOR_H_
