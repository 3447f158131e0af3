#ifndef STEREOFARM_MODELS_DEPTH_PARALLAX_PRIOR_H_
#define STEREOFARM_MODELS_DEPTH_PARALLAX_PRIOR_H_

#include <opencv2/core.hpp>
#include <vector>

#include "models/depth/parallax_options.h"

namespace stereofarm {

// What one picture says about depth without any motion, CV_32F at the picture's size, about zero
// mean and unit deviation, near is large: lower is nearer (the upper half all the same), bright in
// all channels is farther (dark channel: He, Sun, Tang, Single Image Haze Removal Using Dark
// Channel Prior, CVPR 2009), the sides are a little nearer than the middle. `rgb`: three CV_32F
// planes, 0..1.
cv::Mat AppearancePrior(const std::vector<cv::Mat>& rgb, const ParallaxOptions& options = {});

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_DEPTH_PARALLAX_PRIOR_H_
