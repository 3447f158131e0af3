#include "models/inpaint/target.h"

#include <cstring>

namespace stereofarm {

absl::Status CheckTarget(const WarpedFrame& target) {
  if (target.rgba.channels() != 4 || target.displacement.channels() != 1 ||
      !target.rgba.SameSize(target.displacement)) {
    return absl::InvalidArgumentError(
        "inpainting needs a warped frame of R, G, B, A with displacement of the same size");
  }
  return absl::OkStatus();
}

Image CopyColour(const Image& rgba) {
  Image rgb(rgba.width(), rgba.height(), 3);
  const size_t plane =
      static_cast<size_t>(rgba.stride()) * static_cast<size_t>(rgba.height()) * sizeof(float);
  for (int c = 0; c < 3; ++c) std::memcpy(rgb.Plane(c), rgba.Plane(c), plane);
  return rgb;
}

}  // namespace stereofarm
