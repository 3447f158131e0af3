#include "models/nn/memory_plan.h"

#include <gtest/gtest.h>

#include <limits>

namespace stereofarm {
namespace {

constexpr ForwardMemory kMemory = {.fixed = 1'000'000, .per_token = 100'000};

absl::StatusOr<int64_t> Batch(int64_t most, int64_t free) {
  return ChooseBatch("net.pth", kMemory, 1000, most, free);
}

TEST(MemoryPlanTest, TheBatchIsTheLargestHalfThatFits) {
  EXPECT_EQ(ForwardBytes(kMemory, 1000, 4), 401'000'000);
  EXPECT_EQ(Batch(4, std::numeric_limits<int64_t>::max()).value(), 4);
  EXPECT_EQ(Batch(4, 401'000'000).value(), 4);
  EXPECT_EQ(Batch(4, 400'999'999).value(), 2);
  EXPECT_EQ(Batch(4, 200'999'999).value(), 1);
  EXPECT_EQ(Batch(1, 101'000'000).value(), 1);
}

TEST(MemoryPlanTest, WhatFitsInNoSizeIsRefusedWithWhatIsNeeded) {
  const absl::Status status = Batch(4, 100'999'999).status();
  EXPECT_TRUE(IsOutOfMemory(status));
  EXPECT_EQ(status.message(),
            "net.pth: a forward of 1000 tokens needs about 101 MB beside the weights, and 101 MB "
            "are free; use a device with more memory, or a smaller network");
}

TEST(MemoryPlanTest, LargerNetworksAndWiderNumbersTakeMore) {
  const int64_t small = DptForwardMemory(384, 64, 4, false).per_token;
  EXPECT_GT(DptForwardMemory(768, 128, 4, false).per_token, small);
  EXPECT_EQ(DptForwardMemory(384, 64, 2, false).per_token, small / 2);
}

}  // namespace
}  // namespace stereofarm
