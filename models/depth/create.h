#ifndef STEREOFARM_MODELS_DEPTH_CREATE_H_
#define STEREOFARM_MODELS_DEPTH_CREATE_H_

#include <memory>
#include <string>

#include "common/base/status.h"
#include "models/api/depth_estimator.h"

namespace stereofarm {

// Makes the estimator that `name` asks for: "parallax", or MODEL:FILE, where FILE holds weights and
// MODEL is "depth-anything-v2" or "video-depth-anything", with or without one of their sizes behind
// it ("depth-anything-v2-small"), and "+bfloat16" where that type is wanted instead of float32 (on
// a GPU: instead of half precision); or "torchscript"; or "parallax+raft-small" or "-large" (what
// flow the file holds is told by its tensors). `device` is "cpu" or "cuda:N".
// InvalidArgument names what's known when `name` isn't.
absl::StatusOr<std::unique_ptr<DepthEstimator>> CreateDepthEstimator(const std::string& name,
                                                                     const std::string& device);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_DEPTH_CREATE_H_
