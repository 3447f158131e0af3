#ifndef STEREOFARM_MODELS_DEPTH_STABILISED_ESTIMATOR_H_
#define STEREOFARM_MODELS_DEPTH_STABILISED_ESTIMATOR_H_

#include <memory>

#include "models/api/depth_estimator.h"

namespace stereofarm {

// `inner`, which looks at each frame by itself, with a DepthStabiliser behind it.
std::unique_ptr<DepthEstimator> Stabilised(std::unique_ptr<DepthEstimator> inner);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_DEPTH_STABILISED_ESTIMATOR_H_
