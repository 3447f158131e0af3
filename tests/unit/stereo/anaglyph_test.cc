#include "models/stereo/anaglyph.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/stereo/picture.h"

namespace stereofarm {
namespace {

Image Grey(float value) {
  Image image(19, 2, 3);
  image.Fill(value);
  return image;
}

TEST(DuboisAnaglyphTest, EqualsThePublishedMatrices) {
  const double left_matrix[3][3] = {{0.4561, 0.500484, 0.176381},
                                    {-0.0400822, -0.0378246, -0.0157589},
                                    {-0.0152161, -0.0205971, -0.00546856}};
  const double right_matrix[3][3] = {{-0.0434706, -0.0879388, -0.00155529},
                                     {0.378476, 0.73364, -0.0184503},
                                     {-0.0721527, -0.112961, 1.2264}};
  const auto random = SeededRandom(TestSeed());
  const Image left = RandomImage(37, 3, 3, 0, 1, *random);
  const Image right = RandomImage(37, 3, 3, 0, 1, *random);
  Image out;
  DuboisAnaglyph(left, right, &out);
  ASSERT_EQ(out.channels(), 3);
  for (int y = 0; y < 3; ++y) {
    for (int x = 0; x < 37; ++x) {
      for (int c = 0; c < 3; ++c) {
        double sum = 0;
        for (int k = 0; k < 3; ++k) {
          sum += left_matrix[c][k] * left.Row(k, y)[x] + right_matrix[c][k] * right.Row(k, y)[x];
        }
        EXPECT_NEAR(out.Row(c, y)[x], std::clamp(sum, 0.0, 1.0), 1e-6);
      }
    }
  }
}

TEST(DuboisAnaglyphTest, LeftEyeIsSeenThroughRedAndRightEyeThroughCyan) {
  Image out;
  DuboisAnaglyph(Grey(0.8f), Grey(0), &out);
  EXPECT_GT(out.Row(0, 0)[0], 0.8f);
  EXPECT_EQ(out.Row(1, 0)[0], 0);
  EXPECT_EQ(out.Row(2, 0)[0], 0);
  DuboisAnaglyph(Grey(0), Grey(0.8f), &out);
  EXPECT_EQ(out.Row(0, 0)[0], 0);
  EXPECT_GT(out.Row(1, 0)[0], 0.8f);
  EXPECT_GT(out.Row(2, 0)[0], 0.8f);
}

TEST(DuboisAnaglyphTest, ResultStaysBetweenBlackAndWhite) {
  Image out;
  DuboisAnaglyph(Grey(1), Grey(1), &out);
  for (int c = 0; c < 3; ++c) {
    EXPECT_LE(out.Row(c, 1)[18], 1.0f);
    EXPECT_GE(out.Row(c, 1)[18], 0.98f);
  }
}

}  // namespace
}  // namespace stereofarm
