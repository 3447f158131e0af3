#ifndef STEREOFARM_MODELS_DEPTH_PARALLAX_MOVERS_H_
#define STEREOFARM_MODELS_DEPTH_PARALLAX_MOVERS_H_

#include <opencv2/core.hpp>
#include <vector>

#include "models/depth/parallax_ground.h"
#include "models/depth/parallax_triangulation.h"

namespace stereofarm {

// Gives what moves by itself in a picture whose camera travels the depth of the ground under it.
// Three things tell it from the still world: it moves as no still point can (off its epipolar line,
// or as if behind the camera: MeasuredDepth::own); it lies below the ground (it goes with the
// camera or away from it); or it hovers (it comes towards the camera: nearer than the ground right
// below it, as the stixels of Badino, Franke, Pfeiffer, DAGM 2009, stand on theirs).
//
// `measured` as it was before ClampToGround, in a unit in which its weights are squared
// signal-to-noise ratios. `rgb`: three CV_32F planes; outlines follow their edges. Returns how far
// each pixel belongs to a mover, CV_32F 0..1, and in `depth` the inverse depth it stands at;
// empty when nothing moves. `blurred` is 255 next to movers, where the flow is half theirs.
struct Movers {
  cv::Mat share, depth, blurred;
  bool empty() const { return share.empty(); }
};
Movers FindMovers(const std::vector<cv::Mat>& rgb, const GroundPlane& ground,
                  const MeasuredDepth& measured);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_DEPTH_PARALLAX_MOVERS_H_
