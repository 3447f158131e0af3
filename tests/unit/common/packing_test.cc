#include "common/farm/packing.h"

#include <gtest/gtest.h>

namespace stereofarm {
namespace {

TEST(PackingTest, FullLayoutsKeepThePixelsShape) {
  EXPECT_EQ(PackingOf(Layout::kSbs, 1920, 1080, {4, 3}),
            (PackedSize{3840, 1080, {4, 3}, Packing::kSideBySide}));
  EXPECT_EQ(PackingOf(Layout::kTab, 1920, 1080, {1, 1}),
            (PackedSize{1920, 2160, {1, 1}, Packing::kTopBottom}));
}

TEST(PackingTest, HalfLayoutsKeepThePictureShape) {
  EXPECT_EQ(PackingOf(Layout::kHalfSbs, 1920, 1080, {1, 1}),
            (PackedSize{1920, 1080, {2, 1}, Packing::kSideBySide}));
  EXPECT_EQ(PackingOf(Layout::kHalfTab, 1920, 1080, {4, 3}),
            (PackedSize{1920, 1080, {2, 3}, Packing::kTopBottom}));
}

TEST(PackingTest, EyesOfHalfLayoutsBeginOnTheChromaGrid) {
  for (int size = 1; size < 40; ++size) {
    const int width = PackingOf(Layout::kHalfSbs, size, 8, {1, 1}).width;
    EXPECT_EQ(width % 4, 0);
    EXPECT_GE(width, size);
    EXPECT_LT(width, size + 4);
  }
}

TEST(PackingTest, SinglePicturesAreNotPacked) {
  for (Layout layout : {Layout::kAnaglyph, Layout::kLeft, Layout::kRight, Layout::kDepth}) {
    EXPECT_EQ(PackingOf(layout, 100, 50, {1, 1}), (PackedSize{100, 50, {1, 1}, Packing::kNone}));
  }
  EXPECT_EQ(PackingOf(Layout::kGrid, 100, 50, {1, 1}),
            (PackedSize{200, 100, {1, 1}, Packing::kNone}));
}

TEST(PackingTest, UnknownPixelShapeCountsAsSquare) {
  EXPECT_EQ(PackingOf(Layout::kHalfSbs, 100, 50, {0, 1}).sample_aspect_ratio, (Rational{2, 1}));
}

}  // namespace
}  // namespace stereofarm
