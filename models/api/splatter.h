#ifndef STEREOFARM_MODELS_API_SPLATTER_H_
#define STEREOFARM_MODELS_API_SPLATTER_H_

#include "models/api/inpainter.h"

namespace stereofarm {

// Moves pictures to where another eye sees them; models/stereo/splat.h says how. The same bits
// wherever it runs. May keep memory on its device from one picture to the next. Not thread-safe.
class Splatter {
 public:
  virtual ~Splatter() = default;
  // `rgb` has three channels, `displacement` one; both have one size. OutOfMemory (status.h) when
  // the device has too little.
  virtual absl::Status Splat(const Image& rgb, const Image& displacement, bool nearer_is_larger,
                             WarpedFrame* out) = 0;
};

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_API_SPLATTER_H_
