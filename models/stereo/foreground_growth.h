#ifndef STEREOFARM_MODELS_STEREO_FOREGROUND_GROWTH_H_
#define STEREOFARM_MODELS_STEREO_FOREGROUND_GROWTH_H_

#include "common/image/image.h"

namespace stereofarm {

// Lets the nearer side of depth's steps grow over the pixels that show some of it, so that no rim
// of an object stays behind on the background: along each row, up to kGrowth pixels next to a step
// take the object's depth, as long as their colour lies on the way from the background's to the
// object's by a quarter and more (the mixing of Levin, Lischinski, Weiss, A Closed-Form Solution to
// Natural Image Matting, CVPR 2006, along a line of two colours). Where the two have about one
// colour nothing grows.
//
// `depth`: 1 channel, near is large, as large as `guide` (R, G, B). `step`: least height of a step.
inline constexpr int kGrowth = 2;
void GrowForeground(const Image& guide, float step, Image* depth);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_STEREO_FOREGROUND_GROWTH_H_
