#include "common/image/half.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "common/base/random.h"

namespace stereofarm {
namespace {

// Vectors take the wide path, single values the plain one.
uint16_t OneHalf(float value) {
  uint16_t half = 0;
  FloatToHalf(&value, &half, 1);
  return half;
}

TEST(HalfTest, EveryHalfSurvivesTheRoundTrip) {
  for (int bits = 0; bits < 65536; ++bits) {
    const uint16_t half = static_cast<uint16_t>(bits);
    float value = 0;
    HalfToFloat(&half, &value, 1);
    if (std::isnan(value)) continue;
    EXPECT_EQ(OneHalf(value), half);
  }
}

TEST(HalfTest, WidePathEqualsPlainPath) {
  constexpr uint64_t kSeed = 7;
  SCOPED_TRACE(kSeed);
  const std::unique_ptr<Random> random = SeededRandom(kSeed);
  std::vector<float> values;
  while (values.size() < 4096) {
    const float value = std::bit_cast<float>(static_cast<uint32_t>(random->Next()));
    if (!std::isnan(value)) values.push_back(value);
  }
  for (float edge : {0.0f, -0.0f, 65504.0f, 65519.9f, 65520.0f, 6.0e-8f, 2.9e-8f, 6.103515625e-5f,
                     std::numeric_limits<float>::infinity()}) {
    values.push_back(edge);
  }
  std::vector<uint16_t> wide(values.size());
  FloatToHalf(values.data(), wide.data(), static_cast<int64_t>(values.size()));
  std::vector<float> back(values.size());
  HalfToFloat(wide.data(), back.data(), static_cast<int64_t>(wide.size()));
  for (size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(wide[i], OneHalf(values[i])) << values[i];
    float plain = 0;
    HalfToFloat(&wide[i], &plain, 1);
    EXPECT_EQ(back[i], plain);
  }
}

TEST(HalfTest, QuantizeIsIdempotent) {
  Image image(37, 3, 2);
  for (int c = 0; c < 2; ++c) {
    for (int y = 0; y < 3; ++y) {
      for (int x = 0; x < 37; ++x) image.Row(c, y)[x] = 0.1234567f * static_cast<float>(x + y + c);
    }
  }
  QuantizeToHalf(image);
  EXPECT_EQ(image.Row(0, 0)[1], 0.12347412109375f);
  const Image once = image.Clone();
  QuantizeToHalf(image);
  EXPECT_EQ(once.Row(1, 2)[36], image.Row(1, 2)[36]);
}

}  // namespace
}  // namespace stereofarm
