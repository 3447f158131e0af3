#ifndef STEREOFARM_MODELS_INPAINT_SURFACE_SAMPLE_H_
#define STEREOFARM_MODELS_INPAINT_SURFACE_SAMPLE_H_

#include "models/inpaint/kept_frame.h"
#include "models/stereo/float8.h"

namespace stereofarm {

// Red, green, blue and displacement of the surface of displacement `source_d` at (x, y) of a frame:
// cubic between pixels inside of the surface; at its edge the mean of those of the four pixels
// around that belong to it, by nearness. Pixels belong to it whose displacement differs by less
// than `tolerance`.
Float4 SampleSurface(const KeptFrame& frame, float x, float y, float source_d, float tolerance);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_INPAINT_SURFACE_SAMPLE_H_
