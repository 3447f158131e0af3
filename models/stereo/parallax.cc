#include "models/stereo/parallax.h"

namespace stereofarm {
namespace {

// scale * value + shift for every pixel.
Image Affine(const Image& image, double scale, double shift) {
  Image result(image.width(), image.height(), 1);
  const float a = static_cast<float>(scale);
  const float b = static_cast<float>(shift);
  for (int y = 0; y < image.height(); ++y) {
    const float* in = image.Row(0, y);
    float* out = result.Row(0, y);
    for (int x = 0; x < image.width(); ++x) out[x] = a * in[x] + b;
  }
  return result;
}

}  // namespace

double ParallaxPercent(const StereoSettings& settings, double d) {
  return settings.budget * (d - settings.convergence);
}

double ParallaxPercent(const StereoRig& rig, double depth_m, int width_px) {
  return 100.0 / width_px * rig.fx_px * rig.baseline_m * (1.0 / depth_m - 1.0 / rig.convergence_m);
}

double PixelsPerPercent(SynthesizedEye synthesized, SynthesizedEye eye, int width_px) {
  const double whole = (eye == SynthesizedEye::kLeft ? -1 : 1) * width_px / 100.0;
  if (synthesized == SynthesizedEye::kBoth) return whole / 2;
  return synthesized == eye ? whole : 0;
}

Image DisplacementFromDepth(const Image& depth, const StereoSettings& settings,
                            SynthesizedEye synthesized, SynthesizedEye eye) {
  const double pixels = PixelsPerPercent(synthesized, eye, depth.width());
  return Affine(depth, pixels * settings.budget, pixels * ParallaxPercent(settings, 0));
}

Image DisplacementFromInverseMetres(const Image& inverse_depth, const StereoRig& rig,
                                    SynthesizedEye synthesized, SynthesizedEye eye) {
  const double pixels = PixelsPerPercent(synthesized, eye, inverse_depth.width());
  const double percent_per_unit = 100.0 / inverse_depth.width() * rig.fx_px * rig.baseline_m;
  return Affine(inverse_depth, pixels * percent_per_unit,
                -pixels * percent_per_unit / rig.convergence_m);
}

}  // namespace stereofarm
