#ifndef STEREOFARM_TESTS_UNIT_STEREO_PICTURE_H_
#define STEREOFARM_TESTS_UNIT_STEREO_PICTURE_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <iostream>

#include "common/base/random.h"
#include "common/image/image.h"

namespace stereofarm {

// The seed of a test's random inputs, printed: STEREOFARM_TEST_SEED repeats a run.
inline uint64_t TestSeed() {
  const char* given = std::getenv("STEREOFARM_TEST_SEED");
  const uint64_t seed =
      given != nullptr ? std::strtoull(given, nullptr, 10) : SystemRandom()->Next() % 1000000;
  std::cout << "seed " << seed << "\n";
  return seed;
}

// Uniform in [low, high).
inline float RandomFloat(float low, float high, Random& random) {
  const float unit = static_cast<float>(random.Next() >> 40) * 0x1p-24f;
  return low + (high - low) * unit;
}

inline Image RandomImage(int width, int height, int channels, float low, float high,
                         Random& random) {
  Image image(width, height, channels);
  for (int c = 0; c < channels; ++c) {
    for (int y = 0; y < height; ++y) {
      float* row = image.Row(c, y);
      for (int x = 0; x < width; ++x) row[x] = RandomFloat(low, high, random);
    }
  }
  return image;
}

// One channel of slanted pieces between steps, as depth has them; values within +- reach.
inline Image RandomSteps(int width, int height, float reach, Random& random) {
  Image image(width, height, 1);
  for (int y = 0; y < height; ++y) {
    float* row = image.Row(0, y);
    float value = 0, slope = 0;
    for (int x = 0; x < width; ++x) {
      if (x == 0 || random.Next() % 9 == 0) {
        value = RandomFloat(-reach, reach, random);
        slope = RandomFloat(-0.6f, 0.6f, random);
      }
      row[x] = value;
      value += slope;
    }
  }
  return image;
}

// Left and right exchanged, values times `sign`.
inline Image Mirrored(const Image& image, float sign) {
  Image result(image.width(), image.height(), image.channels());
  for (int c = 0; c < image.channels(); ++c) {
    for (int y = 0; y < image.height(); ++y) {
      for (int x = 0; x < image.width(); ++x) {
        result.Row(c, y)[x] = sign * image.Row(c, y)[image.width() - 1 - x];
      }
    }
  }
  return result;
}

inline void ExpectSamePixels(const Image& a, const Image& b) {
  ASSERT_TRUE(a.SameSize(b));
  ASSERT_EQ(a.channels(), b.channels());
  for (int c = 0; c < a.channels(); ++c) {
    for (int y = 0; y < a.height(); ++y) {
      for (int x = 0; x < a.width(); ++x) {
        ASSERT_EQ(a.Row(c, y)[x], b.Row(c, y)[x]) << "channel " << c << ", x " << x << ", y " << y;
      }
    }
  }
}

}  // namespace stereofarm

#endif  // STEREOFARM_TESTS_UNIT_STEREO_PICTURE_H_
