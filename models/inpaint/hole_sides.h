#ifndef STEREOFARM_MODELS_INPAINT_HOLE_SIDES_H_
#define STEREOFARM_MODELS_INPAINT_HOLE_SIDES_H_

#include "models/api/inpainter.h"
#include "models/inpaint/hole_runs.h"

namespace stereofarm {

// Which ends of a hole are background. The farther end always is; the other one too, unless it's
// more than a tolerance (1 pixel of displacement at a width of 960) nearer.
struct HoleSides {
  // Signed so that larger is nearer: a known pixel is background of this hole where
  // sign * displacement <= limit.
  float sign = 1;
  float limit = 0;
  bool left = false;  // the pixel before the hole is there and is background
  bool right = false;
};

// `run`: a hole of row y that doesn't fill it.
HoleSides FindHoleSides(const WarpedFrame& frame, int y, HoleRun run);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_INPAINT_HOLE_SIDES_H_
