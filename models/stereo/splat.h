#ifndef STEREOFARM_MODELS_STEREO_SPLAT_H_
#define STEREOFARM_MODELS_STEREO_SPLAT_H_

#include "models/api/inpainter.h"

namespace stereofarm {

// Moves every pixel of `rgb` (3 channels) along its row by `displacement` (1 channel, same size,
// pixels): a surface at x is seen at x - displacement in the other eye. Forward splatting with two
// taps a pixel and an exact depth test: of the surfaces that meet in a target pixel only those
// within a fixed depth tolerance of the nearest count, whatever their order. No atomics, rows
// independent of each other. `nearer_is_larger`: larger displacement is nearer (the right eye of a
// left source); false for the left eye. Results are halves (QuantizeToHalf). Target pixels whose
// weight stays small are holes: A = 0.
void Splat(const Image& rgb, const Image& displacement, bool nearer_is_larger, WarpedFrame* out);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_STEREO_SPLAT_H_
