#ifndef STEREOFARM_MODELS_STEREO_PARALLAX_H_
#define STEREOFARM_MODELS_STEREO_PARALLAX_H_

#include "common/image/image.h"

namespace stereofarm {

// From depth to parallax: how far apart the two eyes see a surface, in percent of the picture's
// width, so that 4K and 1080p look alike. Positive: in front of the screen; 0: on it; negative:
// behind.

// For relative depth d in [0, 1], near = 1. The defaults keep the broadcast rule (at most 1 % in
// front, 2 % behind).
struct StereoSettings {
  double budget = 2.0;       // percent of the width between d = 0 and d = 1
  double convergence = 0.5;  // the d that lies on the screen
};

// A pair of parallel cameras with shifted lenses, for metric depth.
struct StereoRig {
  double fx_px = 0;          // focal length in pixels of the source picture
  double baseline_m = 0;     // distance of the lenses, metres
  double convergence_m = 0;  // distance of what lies on the screen, metres
};

// What is synthesised from the source.
enum class SynthesizedEye {
  kRight,  // the source is the left eye
  kLeft,   // the source is the right eye
  kBoth,   // the source lies in the middle; each eye is moved by half
};

// budget * (d - convergence).
double ParallaxPercent(const StereoSettings& settings, double d);
// 100 / width_px * fx * baseline * (1 / depth - 1 / convergence); depth_m > 0, may be infinite.
double ParallaxPercent(const StereoRig& rig, double depth_m, int width_px);

// Displacement for Splat (source x - warped x, pixels) that a parallax of 1 % needs in one eye: a
// hundredth of the width for the right eye, the negative of it for the left, halves of these for
// `kBoth`. `eye` is the eye to make: kRight or kLeft. 0 for an eye that is passed through.
double PixelsPerPercent(SynthesizedEye synthesized, SynthesizedEye eye, int width_px);

// The `nearer_is_larger` that Splat takes for this eye.
inline bool NearerIsLarger(SynthesizedEye eye) { return eye != SynthesizedEye::kLeft; }

// Displacement of every pixel of `depth` (1 channel, as large as the picture): values d in [0, 1].
Image DisplacementFromDepth(const Image& depth, const StereoSettings& settings,
                            SynthesizedEye synthesized, SynthesizedEye eye);
// The same for inverse depth in 1 / metre (0: infinitely far).
Image DisplacementFromInverseMetres(const Image& inverse_depth, const StereoRig& rig,
                                    SynthesizedEye synthesized, SynthesizedEye eye);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_STEREO_PARALLAX_H_
