#ifndef STEREOFARM_TESTS_UNIT_PLANNING_MADE_FILM_H_
#define STEREOFARM_TESTS_UNIT_PLANNING_MADE_FILM_H_

#include <cstdint>
#include <vector>

#include "common/farm/cut_features.h"
#include "common/image/image.h"

namespace stereofarm {

using Frames = std::vector<Image>;

// Frames `begin` .. `begin + count - 1` of a scene of its own for each seed: a textured background
// that drifts and things that move before it. `pan`: what the camera turns a frame, in pixels.
Frames MakeShot(uint64_t seed, int count, double pan = 0.4, int begin = 0);

Image Plain(float level);
// (1 - part) a + part b.
Image Mix(const Image& a, const Image& b, double part);
void Append(const Frames& from, Frames* to);

// `from` fades to `level` in `ramp` frames, stays there for `hold`, and `to` comes in `ramp` more.
Frames Fade(const Frames& from, const Frames& to, float level, int ramp, int hold);
// The last `length` frames of `from` pass into the first ones of `to`.
Frames Dissolve(const Frames& from, const Frames& to, int length);

std::vector<CutFeatures> Analyse(const Frames& frames);

}  // namespace stereofarm

#endif  // STEREOFARM_TESTS_UNIT_PLANNING_MADE_FILM_H_
