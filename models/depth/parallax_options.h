#ifndef STEREOFARM_MODELS_DEPTH_PARALLAX_OPTIONS_H_
#define STEREOFARM_MODELS_DEPTH_PARALLAX_OPTIONS_H_

namespace stereofarm {

// The parts of `parallax`, each of which can be left out to see what it is worth
// (tests/quality/depth_quality). Films are made with all of them.
struct ParallaxOptions {
  bool travel = true;    // depth from the camera's travel; without, every frame is a still
  bool ground = true;    // nothing lies below the ground
  bool prior = true;     // what a picture says without motion; without, a level plane
  bool haze = true;      // of the prior: bright haze is far
  bool sides = true;     // of the prior: the picture's sides are nearer than its middle
  bool subjects = true;  // what moves before a still camera stands on the prior's ground
  bool movers = true;    // what moves by itself before a travelling camera stands on the ground
  bool titles = true;    // burnt-in text has one depth, near what it covers
  bool edges = true;     // refined to the picture's edges
  bool gauge = true;     // one scale for all frames of the window
  bool steady = true;    // mean over time
};

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_DEPTH_PARALLAX_OPTIONS_H_
