#ifndef STEREOFARM_MODELS_DEPTH_TORCHSCRIPT_ESTIMATOR_H_
#define STEREOFARM_MODELS_DEPTH_TORCHSCRIPT_ESTIMATOR_H_

#include <memory>
#include <string>

#include "models/api/depth_estimator.h"

namespace stereofarm {

// Loads a TorchScript module as a depth estimator.
//
// Its forward takes one float32 tensor [B, 3, H, W] of RGB, normalised by mean and standard
// deviation, and returns inverse depth (near is large) as a floating point tensor [B, H', W'] or
// [B, 1, H', W'], all finite. What isn't the default is said by attributes of the module, each
// optional (docs/models.md):
//   stereofarm_mean, stereofarm_std   three floats            default ImageNet's
//   stereofarm_size      int          the shorter side is brought to this        default 518
//   stereofarm_multiple  int          H and W are multiples of this              default 14
//   stereofarm_batch     int          B, the same in every call                  default 1
//   stereofarm_metric    bool         the result is in 1/metre                   default false
// B is fixed: a stream's last batch is filled up by repeating its last frame, so every frame goes
// through a call of the same shape.
//
// `device` is "cpu" or "cuda:N". `threads` is what each operator may use on the CPU; the numbers
// depend on it. NotFound or InvalidArgument name the file; Unavailable when the device isn't there.
// A call that runs out of device memory gives ResourceExhausted; a module that throws, or gives a
// wrong shape or numbers that aren't finite, InvalidArgument.
absl::StatusOr<std::unique_ptr<DepthEstimator>> LoadTorchscriptEstimator(const std::string& file,
                                                                         const std::string& device,
                                                                         int threads = 1);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_DEPTH_TORCHSCRIPT_ESTIMATOR_H_
