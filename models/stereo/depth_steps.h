#ifndef STEREOFARM_MODELS_STEREO_DEPTH_STEPS_H_
#define STEREOFARM_MODELS_STEREO_DEPTH_STEPS_H_

#include "common/image/image.h"
#include "models/stereo/bordered_image.h"

namespace stereofarm {

// Where a depth map jumps, at the depth's own size.
struct DepthSteps {
  // Reach of the window around a pixel, to either side.
  static constexpr int kReachX = 3;
  static constexpr int kReachY = 2;

  // The depth with its steps made sharp: a value on a step has moved to the nearer end.
  BorderedImage depth;
  // For pixels whose window holds a step: the level that parts upper from lower values. Infinite
  // where there's none. A slope, however steep, is no step.
  Image middle;
  // What counts as a step.
  float step = 0;
};

// `depth`: 1 channel, finite. What counts as a step is 2 % of the map's range in 3 x 3 pixels.
DepthSteps FindDepthSteps(const Image& depth);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_STEREO_DEPTH_STEPS_H_
