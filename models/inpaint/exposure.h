#ifndef STEREOFARM_MODELS_INPAINT_EXPOSURE_H_
#define STEREOFARM_MODELS_INPAINT_EXPOSURE_H_

#include <array>

#include "models/inpaint/disparity_motion.h"
#include "models/inpaint/kept_frame.h"

namespace stereofarm {

// Brings one frame's code values to another's: gain * value + offset, for red, green and blue.
struct Exposure {
  std::array<float, 3> gain = {1, 1, 1};
  std::array<float, 3> offset = {0, 0, 0};
};

// What brings the colours of `from` to those of `to`, by the surfaces that both show; `motion`
// leads from one to the other. Least squares with weights that fall to nothing for what differs by
// more than noise; held to no change, so that a picture of one colour gets no more than an offset.
Exposure ExposureBetween(const KeptFrame& from, const KeptFrame& to, const DisparityMotion& motion);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_INPAINT_EXPOSURE_H_
