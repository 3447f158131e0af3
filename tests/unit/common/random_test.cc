#include "common/base/random.h"

#include <gtest/gtest.h>

#include <set>

namespace stereofarm {
namespace {

TEST(RandomTest, SameSeedSameNumbers) {
  EXPECT_EQ(SeededRandom(5)->Next(), SeededRandom(5)->Next());
  EXPECT_NE(SeededRandom(5)->Next(), SeededRandom(6)->Next());
}

TEST(RandomTest, HexHasAsManyDigitsAsAsked) {
  EXPECT_EQ(SeededRandom(1)->Hex(16).size(), 16u);
  EXPECT_EQ(SeededRandom(1)->Hex(40).find_first_not_of("0123456789abcdef"), std::string::npos);
}

TEST(RandomTest, SystemIdsDiffer) {
  std::set<std::string> ids;
  for (int i = 0; i < 100; ++i) ids.insert(SystemRandom()->Hex(16));
  EXPECT_EQ(ids.size(), 100u);
}

}  // namespace
}  // namespace stereofarm
