#ifndef STEREOFARM_MODELS_REGISTRY_DEPTH_ANYTHING_SIZE_H_
#define STEREOFARM_MODELS_REGISTRY_DEPTH_ANYTHING_SIZE_H_

#include "models/api/depth_estimator.h"

namespace stereofarm {

// The sizes in which Depth Anything V2 and Video Depth Anything take pictures, and give their
// depth: the published ones. Without LibTorch, for those who only reckon with them.

inline constexpr int kDepthAnythingSide = 518;

// The size at which a picture goes through the network: its shorter side is brought to `side`, both
// are multiples of 14, the nearest ones, but not below `side`. Picture and side are at least 1.
ImageSize DepthAnythingInputSize(ImageSize picture, int side = kDepthAnythingSide);

// What Video Depth Anything takes for `side`, so that a long picture's windows fit into memory.
int VideoDepthAnythingSide(ImageSize picture, int side = kDepthAnythingSide);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_REGISTRY_DEPTH_ANYTHING_SIZE_H_
