#include "models/stereo/splat.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "common/base/random.h"
#include "common/image/half.h"
#include "tests/unit/stereo/picture.h"

namespace stereofarm {
namespace {

// The slow twin: Splat's contract, word by word.
WarpedFrame PlainSplat(const Image& rgb, const Image& displacement, bool nearer_is_larger) {
  const int w = rgb.width(), h = rgb.height();
  WarpedFrame out;
  out.rgba = Image(w, h, 4);
  out.displacement = Image(w, h, 1);
  out.nearer_is_larger = nearer_is_larger;
  for (int y = 0; y < h; ++y) {
    const float* d = displacement.Row(0, y);
    const auto tap = [d](int x, int t) {
      return 1.0f - std::fabs((static_cast<float>(x) - d[x]) - static_cast<float>(t));
    };
    for (int t = 0; t < w; ++t) {
      bool any = false;
      float nearest = 0;
      for (int x = 0; x < w; ++x) {
        if (!(tap(x, t) > 0)) continue;
        if (!any || (nearer_is_larger ? d[x] > nearest : d[x] < nearest)) nearest = d[x];
        any = true;
      }
      float weight = 0, sum[3] = {}, moved = 0;
      for (int x = 0; x < w && any; ++x) {
        const float t_weight = tap(x, t);
        const bool same_surface = nearer_is_larger ? d[x] >= nearest - kSurfaceTolerance
                                                   : d[x] <= nearest + kSurfaceTolerance;
        if (!(t_weight > 0) || !same_surface) continue;
        weight += t_weight;
        for (int c = 0; c < 3; ++c) sum[c] += t_weight * rgb.Row(c, y)[x];
        moved += t_weight * d[x];
      }
      const bool known = weight > kKnownWeight;
      const float scale = known ? 1.0f / weight : 0;
      for (int c = 0; c < 3; ++c) out.rgba.Row(c, y)[t] = known ? sum[c] * scale : 0;
      out.rgba.Row(3, y)[t] = known ? 1 : 0;
      out.displacement.Row(0, y)[t] = known ? moved * scale : 0;
    }
  }
  QuantizeToHalf(out.rgba);
  QuantizeToHalf(out.displacement);
  return out;
}

void ExpectTwins(const Image& rgb, const Image& displacement, const std::string& what) {
  for (const bool nearer_is_larger : {true, false}) {
    SCOPED_TRACE(what + (nearer_is_larger ? ", right eye" : ", left eye"));
    const WarpedFrame slow = PlainSplat(rgb, displacement, nearer_is_larger);
    WarpedFrame fast;
    Splat(rgb, displacement, nearer_is_larger, &fast);
    EXPECT_EQ(fast.nearer_is_larger, nearer_is_larger);
    ExpectSamePixels(fast.rgba, slow.rgba);
    ExpectSamePixels(fast.displacement, slow.displacement);
  }
}

TEST(SplatTest, EqualsPlainTwinOnRandomInputs) {
  const uint64_t seed = TestSeed();
  const auto random = SeededRandom(seed);
  const int widths[] = {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 64, 97, 130};
  for (const int width : widths) {
    for (int round = 0; round < 12; ++round) {
      const int height = 1 + static_cast<int>(random->Next() % 4);
      const Image rgb = RandomImage(width, height, 3, 0, 1, *random);
      const float reach = round % 3 == 0 ? 1.5f : round % 3 == 1 ? 9.0f : 2.0f * width;
      Image displacement = round < 6 ? RandomImage(width, height, 1, -reach, reach, *random)
                                     : RandomSteps(width, height, reach, *random);
      if (round % 4 == 3) {  // quarters of a pixel: ties and taps of no weight
        for (int y = 0; y < height; ++y) {
          float* row = displacement.Row(0, y);
          for (int x = 0; x < width; ++x) row[x] = std::round(row[x] * 4) / 4;
        }
      }
      ExpectTwins(rgb, displacement,
                  "width " + std::to_string(width) + ", round " + std::to_string(round));
    }
  }
}

TEST(SplatTest, EqualsPlainTwinWhereEverythingLeavesThePicture) {
  const auto random = SeededRandom(TestSeed());
  for (const float shift : {-1e9f, -37.0f, -36.5f, 36.25f, 37.0f, 1e9f}) {
    const Image rgb = RandomImage(37, 2, 3, 0, 1, *random);
    Image displacement(37, 2, 1);
    displacement.Fill(shift);
    ExpectTwins(rgb, displacement, "shift " + std::to_string(shift));
  }
}

TEST(SplatTest, PixelsWithoutFiniteDisplacementAreDropped) {
  const auto random = SeededRandom(TestSeed());
  const Image rgb = RandomImage(21, 1, 3, 0, 1, *random);
  Image displacement(21, 1, 1);
  displacement.Fill(0.25f);
  displacement.Row(0, 0)[4] = std::numeric_limits<float>::infinity();
  displacement.Row(0, 0)[5] = -std::numeric_limits<float>::infinity();
  displacement.Row(0, 0)[12] = std::numeric_limits<float>::quiet_NaN();
  for (const bool nearer_is_larger : {true, false}) {
    WarpedFrame out;
    Splat(rgb, displacement, nearer_is_larger, &out);
    EXPECT_EQ(out.rgba.Row(3, 0)[4], 0);  // seen by 4 (lost) and 5 (lost)
    for (int x = 0; x < 21; ++x) {
      EXPECT_TRUE(std::isfinite(out.rgba.Row(0, 0)[x])) << x;
      EXPECT_TRUE(std::isfinite(out.displacement.Row(0, 0)[x])) << x;
    }
  }
}

TEST(SplatTest, NoDisplacementIsIdentity) {
  const auto random = SeededRandom(TestSeed());
  Image rgb = RandomImage(33, 5, 3, 0, 1, *random);
  QuantizeToHalf(rgb);
  Image displacement(33, 5, 1);
  displacement.Fill(0);
  WarpedFrame out;
  Splat(rgb, displacement, true, &out);
  for (int c = 0; c < 3; ++c) {
    for (int y = 0; y < 5; ++y) {
      for (int x = 0; x < 33; ++x) EXPECT_EQ(out.rgba.Row(c, y)[x], rgb.Row(c, y)[x]);
    }
  }
}

TEST(SplatTest, NearSurfaceHidesFarOneAndLeavesAHoleBeside) {
  // Far 0, near (x 8..11) moved by 3 to the left, as the right eye sees it.
  Image rgb(20, 1, 3), displacement(20, 1, 1);
  rgb.Fill(0.25f);
  displacement.Fill(0);
  for (int x = 8; x < 12; ++x) {
    for (int c = 0; c < 3; ++c) rgb.Row(c, 0)[x] = 0.75f;
    displacement.Row(0, 0)[x] = 3;
  }
  WarpedFrame out;
  Splat(rgb, displacement, true, &out);
  const float expected[20] = {1, 1, 1, 1, 1, 3, 3, 3, 3, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1};
  for (int x = 0; x < 20; ++x) {
    EXPECT_EQ(out.rgba.Row(0, 0)[x], expected[x] * 0.25f) << x;
    EXPECT_EQ(out.rgba.Row(3, 0)[x], expected[x] != 0 ? 1 : 0) << x;
    EXPECT_EQ(out.displacement.Row(0, 0)[x], expected[x] == 3 ? 3 : 0) << x;
  }
}

TEST(SplatTest, LeftEyeIsTheMirroredRightEye) {
  const auto random = SeededRandom(TestSeed());
  Image rgb = RandomImage(40, 3, 3, 0, 1, *random);
  Image displacement = RandomSteps(40, 3, 6, *random);
  Image mirrored_rgb = Mirrored(rgb, 1), mirrored_displacement = Mirrored(displacement, -1);
  WarpedFrame right, left;
  Splat(rgb, displacement, true, &right);
  Splat(mirrored_rgb, mirrored_displacement, false, &left);
  const Image back = Mirrored(left.rgba, 1);
  for (int c = 0; c < 4; ++c) {
    for (int y = 0; y < 3; ++y) {
      for (int x = 0; x < 40; ++x) {
        EXPECT_NEAR(back.Row(c, y)[x], right.rgba.Row(c, y)[x], 1e-3) << c << " " << y << " " << x;
      }
    }
  }
}

TEST(SplatTest, ImagesOfTheResultAreUsedAgain) {
  const auto random = SeededRandom(TestSeed());
  const Image rgb = RandomImage(40, 3, 3, 0, 1, *random);
  const Image displacement = RandomImage(40, 3, 1, -4, 4, *random);
  WarpedFrame fresh, used;
  Splat(rgb, displacement, true, &fresh);
  Splat(rgb, displacement, false, &used);
  const float* pixels = used.rgba.Row(0, 0);
  Splat(rgb, displacement, true, &used);
  EXPECT_EQ(used.rgba.Row(0, 0), pixels);
  ExpectSamePixels(used.rgba, fresh.rgba);
  ExpectSamePixels(used.displacement, fresh.displacement);
}

}  // namespace
}  // namespace stereofarm
