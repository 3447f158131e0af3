// The simulator over a few hundred seeds, and whether it would notice.
#include <gtest/gtest.h>

#include <string>

#include "common/base/log.h"
#include "tests/sim/simulation.h"

namespace stereofarm {
namespace {

class SimTest : public ::testing::Test {
 protected:
  // Farms in which everything goes wrong have much to complain about: nothing is an error here.
  SimTest() { SetMinimumLogLevel(static_cast<LogLevel>(static_cast<int>(LogLevel::kError) + 1)); }
};

std::string Say(const SimulationResult& result) {
  return result.broken ? result.broken->invariant + ": " + result.broken->detail : "";
}

// In parts, so that ctest runs them side by side.
class SimSeedsTest : public SimTest, public ::testing::WithParamInterface<int> {};

TEST_P(SimSeedsTest, KeepEveryInvariant) {
  constexpr int kSeeds = 50;
  int64_t faults = 0;
  for (int i = 0; i < kSeeds; ++i) {
    const int seed = GetParam() * kSeeds + i + 1;
    const SimulationResult result = Simulate(static_cast<uint64_t>(seed));
    ASSERT_FALSE(result.broken.has_value()) << "seed " << seed << " breaks " << Say(result);
    faults += result.FaultCount();
  }
  EXPECT_GT(faults, 50 * kSeeds);
}
INSTANTIATE_TEST_SUITE_P(Parts, SimSeedsTest, ::testing::Range(0, 4));

TEST_F(SimTest, ASeedReplays) {
  for (const uint64_t seed : {3, 17}) {
    const SimulationResult first = Simulate(seed);
    const SimulationResult again = Simulate(seed);
    EXPECT_EQ(first.digest, again.digest);
    EXPECT_EQ(first.steps, again.steps);
    EXPECT_EQ(first.faults, again.faults);
  }
  EXPECT_NE(Simulate(3).digest, Simulate(17).digest);
}

class SimPlantTest : public SimTest, public ::testing::WithParamInterface<std::string> {};

TEST_P(SimPlantTest, IsFound) {
  const auto plant = ParsePlant(GetParam());
  ASSERT_TRUE(plant.has_value());
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    if (Simulate(seed, *plant).broken) return;
  }
  ADD_FAILURE() << "200 seeds didn't find it";
}
INSTANTIATE_TEST_SUITE_P(Plants, SimPlantTest,
                         ::testing::Values("epoch-check-off", "manifest-before-file",
                                           "report-not-persisted", "lease-told-too-long",
                                           "chore-forgotten"));

}  // namespace
}  // namespace stereofarm
