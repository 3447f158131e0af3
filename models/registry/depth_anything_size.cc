#include "models/registry/depth_anything_size.h"

#include <algorithm>
#include <cmath>

namespace stereofarm {
namespace {

constexpr int kMultiple = 14;
constexpr double kLongestRatio = 1.78;
constexpr double kRatioKept = 1.777;

int Constrained(double side, int least) {
  const double steps = side / kMultiple;
  // Halves go to the even neighbour.
  const int nearest = static_cast<int>(std::nearbyint(steps)) * kMultiple;
  return nearest >= least ? nearest : static_cast<int>(std::ceil(steps)) * kMultiple;
}

}  // namespace

ImageSize DepthAnythingInputSize(ImageSize picture, int side) {
  const double scale = std::max(static_cast<double>(side) / picture.width,
                                static_cast<double>(side) / picture.height);
  return {Constrained(scale * picture.width, side), Constrained(scale * picture.height, side)};
}

int VideoDepthAnythingSide(ImageSize picture, int side) {
  const double ratio = static_cast<double>(std::max(picture.width, picture.height)) /
                       std::min(picture.width, picture.height);
  if (ratio <= kLongestRatio) return side;
  const int shorter = static_cast<int>(side * kRatioKept / ratio);
  return std::max(1, static_cast<int>(std::nearbyint(static_cast<double>(shorter) / kMultiple))) *
         kMultiple;
}

}  // namespace stereofarm
