#ifndef STEREOFARM_TESTS_UNIT_DEPTH_MOVING_SCENE_H_
#define STEREOFARM_TESTS_UNIT_DEPTH_MOVING_SCENE_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "common/image/image.h"

namespace stereofarm {

// A smooth random texture without end: the same value at the same place, 0..1.
class Texture {
 public:
  explicit Texture(uint64_t seed) : seed_(seed) {}
  float At(double x, double y) const {
    return static_cast<float>(0.5 * Octave(x / 9, y / 9, 1) + 0.3 * Octave(x / 4, y / 4, 2) +
                              0.2 * Octave(x / 21, y / 21, 3));
  }

 private:
  double Lattice(int64_t x, int64_t y, uint64_t octave) const {
    uint64_t z = seed_ * 0x9e3779b97f4a7c15u + octave * 0xd1b54a32d192ed03u +
                 static_cast<uint64_t>(x) * 0x94d049bb133111ebu +
                 static_cast<uint64_t>(y) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53;
  }
  double Octave(double x, double y, uint64_t octave) const {
    const double fx = std::floor(x), fy = std::floor(y);
    const int64_t ix = static_cast<int64_t>(fx), iy = static_cast<int64_t>(fy);
    double u = x - fx, v = y - fy;
    u = u * u * (3 - 2 * u);
    v = v * v * (3 - 2 * v);
    const double top = Lattice(ix, iy, octave) * (1 - u) + Lattice(ix + 1, iy, octave) * u;
    const double bottom =
        Lattice(ix, iy + 1, octave) * (1 - u) + Lattice(ix + 1, iy + 1, octave) * u;
    return top * (1 - v) + bottom * v;
  }
  uint64_t seed_;
};

inline Image GreyImage(int width, int height, float value) {
  Image image(width, height, 3);
  image.Fill(value);
  return image;
}

// Speeds, in pixels a frame at 320 wide, of the strips that a camera travelling sideways sees: one
// above the other, each at its own distance.
inline const std::vector<double>& StripSpeeds() {
  static const std::vector<double> speeds = {1, 5, 2, 6, 3, 0.5};
  return speeds;
}

inline Image SidewaysFrame(int width, int height, double frame) {
  Image image(width, height, 3);
  const double unit = width / 320.0;
  const int strips = static_cast<int>(StripSpeeds().size());
  for (int y = 0; y < height; ++y) {
    const size_t strip = static_cast<size_t>(std::min(y * strips / height, strips - 1));
    const Texture texture(strip + 1);
    for (int x = 0; x < width; ++x) {
      const float v = texture.At(x / unit + StripSpeeds()[strip] * frame, y / unit);
      for (int c = 0; c < 3; ++c) image.Row(c, y)[x] = v;
    }
  }
  return image;
}

// A window that wanders over one still and slowly closes in.
inline Image StillCropFrame(int width, int height, int frame) {
  Image image(width, height, 3);
  const Texture texture(7);
  const double zoom = 320.0 / width * (1 - 0.004 * frame);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const float v = texture.At(40 + 2.5 * frame + (x - width / 2) * zoom,
                                 80 + 1.5 * frame + (y - height / 2) * zoom);
      for (int c = 0; c < 3; ++c) image.Row(c, y)[x] = v;
    }
  }
  return image;
}

}  // namespace stereofarm

#endif  // STEREOFARM_TESTS_UNIT_DEPTH_MOVING_SCENE_H_
