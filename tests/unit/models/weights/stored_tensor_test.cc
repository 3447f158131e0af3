#include "models/weights/stored_tensor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace stereofarm {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(StoredTensorTest, EveryTypeIsParsedFromItsName) {
  int count = 0;
  for (int i = 0; i <= static_cast<int>(ElementType::kF8E5M2); ++i, ++count) {
    const auto type = static_cast<ElementType>(i);
    EXPECT_EQ(ParseElementType(ElementTypeName(type)), type) << ElementTypeName(type);
    EXPECT_GE(ElementBytes(type), 1);
  }
  EXPECT_EQ(count, 15);
  EXPECT_EQ(ElementBytes(ElementType::kBF16), 2);
  EXPECT_EQ(ParseElementType("F4"), std::nullopt);
  EXPECT_EQ(ParseElementType(""), std::nullopt);
}

TEST(StoredTensorTest, CountsElements) {
  EXPECT_EQ(CountElements({}, ElementType::kF32), 1);
  EXPECT_EQ(CountElements({2, 3, 4}, ElementType::kF32), 24);
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(CountElements({kMax, 0, kMax}, ElementType::kF32), 0);
  EXPECT_EQ(CountElements({kMax}, ElementType::kU8), kMax);
  EXPECT_EQ(CountElements({kMax}, ElementType::kF32), std::nullopt);
  EXPECT_EQ(CountElements({kMax / 2, 3}, ElementType::kU8), std::nullopt);
  EXPECT_EQ(CountElements({-1}, ElementType::kU8), std::nullopt);
  EXPECT_EQ(CountElements({0, -1}, ElementType::kU8), std::nullopt);
}

TEST(StoredTensorTest, RowMajorStridesFollowTheShape) {
  EXPECT_THAT(RowMajorStrides({}), IsEmpty());
  EXPECT_THAT(RowMajorStrides({5}), ElementsAre(1));
  EXPECT_THAT(RowMajorStrides({2, 3, 4}), ElementsAre(12, 4, 1));
}

}  // namespace
}  // namespace stereofarm
