#ifndef STEREOFARM_MODELS_STEREO_SPLAT_H_
#define STEREOFARM_MODELS_STEREO_SPLAT_H_

#include "models/api/inpainter.h"

namespace stereofarm {

// Surfaces whose displacements differ by no more than this (pixels) are one surface.
inline constexpr float kSurfaceTolerance = 0.75f;
// A target pixel is known when the taps that reach it weigh more than this.
inline constexpr float kKnownWeight = 0.25f;

// Moves every pixel of `rgb` (3 channels) along its row by `displacement` (1 channel, same size,
// pixels): a surface at x is seen at x - displacement in the other eye. Forward splatting: a source
// pixel reaches the target pixels t with |x - displacement - t| < 1, with weight 1 - that distance.
// Of the surfaces that meet in t the nearest wins, exactly; those within kSurfaceTolerance of it
// are blended by weight, colour and displacement alike. No weights that fall with depth, no
// atomics, rows independent of each other, so the result doesn't depend on any order. Every row and
// column is kept; what leaves the picture is dropped, and so are pixels whose displacement isn't
// finite.
//
// `nearer_is_larger`: larger displacement is nearer (the right eye of a left source); false for the
// left eye. Results are halves (QuantizeToHalf). Target pixels of weight kKnownWeight and less are
// holes: R = G = B = A = displacement = 0. The images of `out` are used again when they have the
// right size; `out->frame` isn't touched.
void Splat(const Image& rgb, const Image& displacement, bool nearer_is_larger, WarpedFrame* out);

// Gives `out` images of the size of `rgb`, the ones that it has where they fit.
void PrepareWarpedFrame(const Image& rgb, bool nearer_is_larger, WarpedFrame* out);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_STEREO_SPLAT_H_
