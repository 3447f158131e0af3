#ifndef STEREOFARM_MODELS_INPAINT_DISPARITY_MOTION_H_
#define STEREOFARM_MODELS_INPAINT_DISPARITY_MOTION_H_

#include <array>
#include <vector>

namespace stereofarm {

// A surface point as one frame sees it: where, in pixels of the full picture, and its displacement.
struct SeenPoint {
  double x = 0, y = 0, d = 0;
};

// Where the surface points of one frame stand in another: a projective map of (x, y, 1, d), the
// "d-motion" of Demirdjian and Darrell (Motion Estimation from Disparity Images, ICCV 2001).
// Displacement is affine in inverse depth, so the map is exact for a rigid scene and any motion of
// the camera, whatever focal length, lens distance and convergence, and whatever scale and shift
// the depth of each frame has.
class DisparityMotion {
 public:
  DisparityMotion() = default;  // the identity
  explicit DisparityMotion(const std::array<double, 16>& rows) : m_(rows) {}

  // Row by row: x, y, 1 and d of the image from x, y, 1 and d.
  const std::array<double, 16>& rows() const { return m_; }
  // Points that the camera has passed come out with `d` not a number.
  SeenPoint Apply(const SeenPoint& p) const;
  // First this, then `next`.
  DisparityMotion Then(const DisparityMotion& next) const;
  // The way back. Not a number where there's none.
  DisparityMotion Inverse() const;

 private:
  std::array<double, 16> m_ = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1};
};

struct PointPair {
  SeenPoint from, to;
};

struct MotionFit {
  DisparityMotion motion;
  double agreeing = 0;     // share of the pairs within kAgreeingPx of it
  double residual_px = 0;  // median distance of those, across the picture
};

// A pair that the motion misses by less is the scene's, in pixels of a picture 960 wide.
inline constexpr double kAgreeingPx = 1.5;

// The motion that most pairs agree with: consensus of small samples, then iterated least squares
// with weights that fall to nothing for what moves by itself. Held gently to the identity, so that
// a scene too flat to say more gets a simple motion; and it is the identity where that fits as
// well. With fewer than 12 pairs none agree. Deterministic.
MotionFit FitDisparityMotion(const std::vector<PointPair>& pairs, int width, int height);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_INPAINT_DISPARITY_MOTION_H_
