#ifndef STEREOFARM_MODELS_INPAINT_VISIBLE_MEAN_H_
#define STEREOFARM_MODELS_INPAINT_VISIBLE_MEAN_H_

#include <vector>

#include "models/api/inpainter.h"
#include "models/inpaint/seen_elsewhere.h"

namespace stereofarm {

// Averages the known pixels of `warped` with what `neighbours` show of the same surface point,
// which takes grain away: each as far as its colour and displacement agree with the pixel's own.
// `rgb` holds the colours of `warped`, and gets the mean.
void AverageVisible(const std::vector<SeenFrom>& neighbours, const WarpedFrame& warped, Image* rgb);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_INPAINT_VISIBLE_MEAN_H_
