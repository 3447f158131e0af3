// The networks beside their references: small sets of tests/data, and the larger ones where they
// are at hand.
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/golden/golden_set.h"
#include "tests/support/test_data.h"

namespace stereofarm {
namespace {

constexpr double kTolerance = 2e-5;

// Compares everything in a folder; how many tensors there were.
int CheckFolder(const std::filesystem::path& folder) {
  int compared = 0;
  Comparison comparison([&](const std::string& item, const std::string& tensor, double error) {
    EXPECT_LE(error, kTolerance) << item << " " << tensor;
    ++compared;
  });
  const absl::StatusOr<std::vector<GoldenRun>> runs = FindGoldenRuns(folder);
  EXPECT_TRUE(runs.ok()) << runs.status();
  if (!runs.ok()) return 0;
  for (const GoldenRun& run : *runs) {
    const absl::Status status = Check(run, &comparison);
    EXPECT_TRUE(status.ok()) << status;
  }
  return compared;
}

TEST(GoldenTest, DepthAnythingV2) {
  EXPECT_EQ(CheckFolder(TestData("golden/depth_anything_v2")), 12);
}

TEST(GoldenTest, VideoDepthAnything) {
  EXPECT_EQ(CheckFolder(TestData("golden/video_depth_anything")), 4);
}

TEST(GoldenTest, Raft) { EXPECT_EQ(CheckFolder(TestData("golden/raft")), 5); }

// Shapes that no published network of ours has, by tests/golden/make_shapes.py.
TEST(GoldenTest, HeadsAndChannelsOfOddSizes) {
  EXPECT_EQ(CheckFolder(TestData("golden/shapes_odd_heads")), 4);
}

TEST(GoldenTest, TheFeedForwardLayersOfTheGiant) {
  EXPECT_EQ(CheckFolder(TestData("golden/shapes_swiglu")), 4);
}

TEST(GoldenTest, SeveralShortFilmsAtOnce) {
  EXPECT_EQ(CheckFolder(TestData("golden/shapes_films")), 4);
}

TEST(GoldenTest, SeveralPairsAtOnceInANarrowRaft) {
  EXPECT_EQ(CheckFolder(TestData("golden/shapes_raft")), 4);
}

// Whole sets, in every spelling and format.
class SharedGoldenTest : public ::testing::TestWithParam<const char*> {};

TEST_P(SharedGoldenTest, AgreesWithItsReference) {
  const std::filesystem::path folder = SharedFile(std::string("golden/") + GetParam());
  SF_SKIP_WITHOUT(folder);
  EXPECT_GE(CheckFolder(folder), 12);
}

INSTANTIATE_TEST_SUITE_P(Sets, SharedGoldenTest,
                         ::testing::Values("depth_anything_v2", "video_depth_anything", "raft",
                                           "raft_small_real"));

TEST(GoldenTest, ADifferenceIsSeen) {
  std::map<std::string, double> errors;
  Comparison comparison(
      [&](const std::string&, const std::string& tensor, double error) { errors[tensor] = error; });
  const absl::StatusOr<GoldenTensors> golden =
      GoldenTensors::Open(TestData("golden/depth_anything_v2") / "io.safetensors");
  ASSERT_TRUE(golden.ok()) << golden.status();
  const absl::StatusOr<at::Tensor> depth = golden->Get("disparity1");
  ASSERT_TRUE(depth.ok()) << depth.status();
  at::Tensor moved = depth->clone();
  moved.mutable_data_ptr<float>()[7] += 1;
  comparison.Add("", "same", *depth, *depth);
  comparison.Add("", "moved", moved, *depth);
  comparison.Add("", "cut", depth->narrow(0, 0, 1), *depth);
  EXPECT_EQ(errors["same"], 0);
  EXPECT_NEAR(errors["moved"], 1 / 212.56, 1e-4);
  EXPECT_GT(errors["cut"], 1);
}

}  // namespace
}  // namespace stereofarm
