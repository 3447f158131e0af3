#ifndef STEREOFARM_MODELS_STEREO_RESAMPLE_H_
#define STEREOFARM_MODELS_STEREO_RESAMPLE_H_

#include "models/api/inpainter.h"

namespace stereofarm {

// How a picture is read between its pixels.
enum class ResampleKernel {
  kSoft,     // a Gaussian of 0.45 pixels first: the grain of two eyes of a film isn't the same
  kBicubic,  // as sharp as the source (Catmull and Rom)
};

// Gives the known pixels of `warped`, which Splat made of `rgb` (3 channels) and `displacement`
// (1), the colour of the source's picture at the exact place that they show: x + displacement,
// looked up there again until it fits, as long as that stays on the surface that Splat chose. What
// is known and its displacement stay as they are. Results are halves.
void Resample(const Image& rgb, const Image& displacement, ResampleKernel kernel,
              WarpedFrame* warped);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_STEREO_RESAMPLE_H_
