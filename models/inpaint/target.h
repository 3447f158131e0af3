#ifndef STEREOFARM_MODELS_INPAINT_TARGET_H_
#define STEREOFARM_MODELS_INPAINT_TARGET_H_

#include "common/base/status.h"
#include "models/api/inpainter.h"

namespace stereofarm {

// InvalidArgument unless `target` has R, G, B, A and a displacement of the same size.
absl::Status CheckTarget(const WarpedFrame& target);

// R, G, B of an image with more channels.
Image CopyColour(const Image& rgba);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_INPAINT_TARGET_H_
