#include "coordinator/reconcile/sort_floats.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "common/base/random.h"

namespace stereofarm {
namespace {

TEST(SortFloatsTest, OrdersWhatSortOrders) {
  const auto random = SeededRandom(5);
  for (const size_t count : {0, 1, 2, 3, 100, 5000}) {
    std::vector<float> values;
    while (values.size() < count) {
      const float value = std::bit_cast<float>(static_cast<uint32_t>(random->Next()));
      if (!std::isnan(value)) values.push_back(value);
      // Many of the same, too.
      if (values.size() % 3 == 0) values.push_back(static_cast<float>(values.size() % 7) - 3.0f);
    }
    std::vector<float> wanted = values;
    std::sort(wanted.begin(), wanted.end());
    SortFloats(&values);
    EXPECT_EQ(values, wanted) << count;
  }
}

TEST(SortFloatsTest, EdgesOfTheRangeHaveTheirPlaces) {
  constexpr float kMost = std::numeric_limits<float>::max();
  constexpr float kTiny = std::numeric_limits<float>::denorm_min();
  std::vector<float> values = {0.0f, kMost, kTiny, -kTiny, 1.0f, -0.0f, -kMost, -1.0f};
  SortFloats(&values);
  EXPECT_EQ(values, (std::vector<float>{-kMost, -1.0f, -kTiny, -0.0f, 0.0f, kTiny, 1.0f, kMost}));
  EXPECT_TRUE(std::signbit(values[3]));
  EXPECT_FALSE(std::signbit(values[4]));
}

}  // namespace
}  // namespace stereofarm
