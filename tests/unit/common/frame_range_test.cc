#include "common/timeline/frame_range.h"

#include <gtest/gtest.h>

namespace stereofarm {
namespace {

TEST(FrameRangeTest, IntersectionOfDisjointRangesIsEmpty) {
  EXPECT_TRUE((FrameRange{0, 5}.Intersect({7, 9})).empty());
  EXPECT_TRUE((FrameRange{7, 9}.Intersect({0, 5})).empty());
  EXPECT_EQ((FrameRange{0, 8}.Intersect({7, 9})), (FrameRange{7, 8}));
}

TEST(FrameRangeTest, GrowStopsAtTheLimits) {
  EXPECT_EQ((FrameRange{10, 20}.Grow(6, {8, 100})), (FrameRange{8, 26}));
}

TEST(FrameRangeTest, NamesSortLikeFrames) {
  EXPECT_EQ(RangeName({120, 216}), "000120-000216");
  EXPECT_LT(RangeName({99, 120}), RangeName({120, 216}));
}

}  // namespace
}  // namespace stereofarm
