#ifndef STEREOFARM_MODELS_DEPTH_PARALLAX_GROUND_H_
#define STEREOFARM_MODELS_DEPTH_PARALLAX_GROUND_H_

#include <opencv2/core.hpp>
#include <optional>

#include "models/depth/parallax_triangulation.h"

namespace stereofarm {

// A plane under the camera: inverse depth is linear in the picture. y and x in pixels from the top
// left corner.
struct GroundPlane {
  double by_y = 0, by_x = 0, offset = 0;
  double At(double x, double y) const { return by_y * y + by_x * x + offset; }
};

// Looks for the ground in the lower 40 % of the picture: random samples (a fixed seed), refined by
// least squares on what agrees within 6 % of the median. nullopt when fewer than a fifth agree, the
// plane leans, its horizon isn't between 10 % and 65 % of the height, or more than a fifth of the
// picture would lie below it.
std::optional<GroundPlane> FindGround(const MeasuredDepth& depth);

// Nothing lies below the ground: pixels clearly farther than it take its depth. `rho`: CV_32F.
void ClampToGround(const GroundPlane& ground, cv::Mat* rho);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_DEPTH_PARALLAX_GROUND_H_
