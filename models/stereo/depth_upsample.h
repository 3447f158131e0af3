#ifndef STEREOFARM_MODELS_STEREO_DEPTH_UPSAMPLE_H_
#define STEREOFARM_MODELS_STEREO_DEPTH_UPSAMPLE_H_

#include "common/image/image.h"

namespace stereofarm {

// Brings one-channel `depth` to the size of `guide` (R, G, B) so that its steps lie on the
// picture's edges and stay steps: where the depth around a pixel has two levels, the pixel gets a
// value of one of them, never one in between. Any unit that is affine in inverse depth will do (d
// in [0, 1], 1 / metre, displacement). Depth that has the guide's size already is returned as it
// is. The guide must be at least as large as the depth.
//
// After joint bilateral upsampling (Kopf, Cohen, Lischinski, Uyttendaele, SIGGRAPH 2007), with the
// decision between two levels in place of its mean. First the levels are parted at the depth's own
// size: a value on a step moves to the nearer of the step's ends (toggle mapping; Kramer and
// Bruckner 1975). Then every pixel whose window of 7 x 5 depth pixels holds a step takes a vote of
// the depth pixels in it, weighted by distance and by likeness of colour, whether it's of the upper
// or the lower level, and interpolates within that level. Everything else is bilinear.
Image UpsampleDepth(const Image& depth, const Image& guide);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_STEREO_DEPTH_UPSAMPLE_H_
