#ifndef STEREOFARM_MODELS_STEREO_DEPTH_UPSAMPLE_H_
#define STEREOFARM_MODELS_STEREO_DEPTH_UPSAMPLE_H_

#include "common/image/image.h"

namespace stereofarm {

// Brings one-channel `depth` to the size of `guide` (R, G, B) so that its steps lie on the
// picture's edges (joint upsampling). Depth that has the guide's size already is returned as it is.
Image UpsampleDepth(const Image& depth, const Image& guide);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_STEREO_DEPTH_UPSAMPLE_H_
