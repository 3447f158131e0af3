#ifndef STEREOFARM_WORKER_STAGES_FILM_FRAME_H_
#define STEREOFARM_WORKER_STAGES_FILM_FRAME_H_

#include <cstdint>
#include <string>
#include <vector>

#include "common/farm/job_settings.h"
#include "common/image/image.h"
#include "common/media/picture.h"
#include "models/api/inpainter.h"
#include "models/stereo/parallax.h"

namespace stereofarm {

// A synthesised eye on its way.
struct EyeFrame {
  Image displacement;  // of the source's pixels, towards this eye; by warp
  WarpedFrame warped;  // by warp
  Image filled;        // R, G, B without holes, every value a half; by inpaint
};

// One frame of the film on its way through the stages of render; each adds its part and frees what
// no later one needs.
struct FilmFrame {
  int64_t frame = 0;
  int64_t pts = 0;
  Picture picture;          // as decoded; by decode
  Image rgb;                // the same in R, G, B; by decode
  Image depth;              // d in 0..1, as large as the picture; by join
  Image inverse_metres;     // instead, where the job has a rig
  std::string depth_model;  // what made the depth
  EyeFrame left;            // what isn't synthesised stays empty
  EyeFrame right;

  EyeFrame& eye(SynthesizedEye which) { return which == SynthesizedEye::kLeft ? left : right; }
  const EyeFrame& eye(SynthesizedEye which) const {
    return which == SynthesizedEye::kLeft ? left : right;
  }
};

// The setting as the stereo models know it.
inline SynthesizedEye SynthesizedBy(Eye setting) {
  switch (setting) {
    case Eye::kRight:
      return SynthesizedEye::kRight;
    case Eye::kLeft:
      return SynthesizedEye::kLeft;
    case Eye::kBoth:
      return SynthesizedEye::kBoth;
  }
  return SynthesizedEye::kRight;
}

// The eyes that are made.
inline std::vector<SynthesizedEye> EyesToMake(Eye setting) {
  if (setting == Eye::kBoth) return {SynthesizedEye::kLeft, SynthesizedEye::kRight};
  return {SynthesizedBy(setting)};
}

}  // namespace stereofarm

#endif  // STEREOFARM_WORKER_STAGES_FILM_FRAME_H_
