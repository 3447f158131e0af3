// Depth that jumps at the film's cuts, and the limit to it.
#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <vector>

#include "common/exr/exr.h"
#include "gtest/gtest.h"
#include "tests/e2e/films.h"
#include "tests/e2e/programs.h"
#include "tests/support/temp_folder.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

constexpr std::array<int, 2> kCuts = {36, 66};  // of the sample film

class CutJumpTest : public ::testing::Test {
 protected:
  // Each shot begins far away and ends near; what's in it is not very deep.
  void SetUp() override {
    fs::create_directories(folder_ / "made");
    for (int i = 0; i < kSampleFrames; ++i) {
      const int begin = i < kCuts[0] ? 0 : i < kCuts[1] ? kCuts[0] : kCuts[1];
      const int end = i < kCuts[0] ? kCuts[0] : i < kCuts[1] ? kCuts[1] : kSampleFrames;
      const float part = static_cast<float>(i - begin) / static_cast<float>(end - begin);
      Image inverse(kSmallWidth, kSmallHeight, 1);
      for (int y = 0; y < kSmallHeight; ++y) {
        for (int x = 0; x < kSmallWidth; ++x) {
          inverse.Row(0, y)[x] = 0.1f + 0.6f * part + 0.3f * static_cast<float>(x) / kSmallWidth;
        }
      }
      const fs::path file = folder_ / "made" / ("z" + std::to_string(1000 + i) + ".exr");
      ASSERT_TRUE(WriteExr(file, inverse, {"Z"}, {}).ok());
    }
  }
  void Convert(const std::string& name, std::vector<std::string> options) {
    std::vector<std::string> words = {"convert",
                                      SmallFilm().string(),
                                      (folder_ / (name + ".mkv")).string(),
                                      "--codec",
                                      "ffv1",
                                      "--shard-frames",
                                      "24",
                                      "--depth",
                                      "exr:" + (folder_ / "made").string(),
                                      "--depth-exr",
                                      "inverse",
                                      "--export-depth",
                                      "exr=" + (folder_ / name).string()};
    words.insert(words.end(), options.begin(), options.end());
    const Ended ended = Stereofarm(words);
    ASSERT_EQ(ended.code, 0) << ended.err;
  }
  // Far part, middle and near part of a frame that was exported, in percent of picture width.
  std::array<double, 3> PartsOf(const std::string& name, int frame) const {
    char file[32];
    std::snprintf(file, sizeof file, "depth.%06d.exr", frame);
    const ExrImage exr = ReadExr(folder_ / name / file).value();
    std::vector<float> all;
    for (int y = 0; y < kSmallHeight; ++y) {
      all.insert(all.end(), exr.image.Row(0, y), exr.image.Row(0, y) + kSmallWidth);
    }
    std::sort(all.begin(), all.end());
    const auto at = [&](size_t percent) { return 2.0 * all[percent * (all.size() - 1) / 100]; };
    return {at(5), at(50), at(95)};
  }
  double JumpAt(const std::string& name, int frame) const {
    const std::array<double, 3> before = PartsOf(name, frame - 1), after = PartsOf(name, frame);
    double most = 0;
    for (size_t i = 0; i < before.size(); ++i) {
      most = std::max(most, std::abs(before[i] - after[i]));
    }
    return most;
  }
  const TempFolder folder_;
};

TEST_F(CutJumpTest, TheLimitHoldsAtEveryCutAndTheRestStaysAsItWas) {
  Convert("free", {});
  Convert("held", {"--cut-jump", "0.4"});
  for (const int cut : kCuts) {
    EXPECT_GT(JumpAt("free", cut), 0.9);
    EXPECT_LE(JumpAt("held", cut), 0.41);
  }
  // In the middle of the shots.
  for (const int frame : {0, 17, 50, kSampleFrames - 1}) {
    const std::array<double, 3> free = PartsOf("free", frame), held = PartsOf("held", frame);
    for (size_t i = 0; i < free.size(); ++i) EXPECT_NEAR(free[i], held[i], 0.03) << frame;
  }
  // Nothing turns round or leaves the budget.
  for (int frame = 0; frame < kSampleFrames; ++frame) {
    const std::array<double, 3> parts = PartsOf("held", frame);
    EXPECT_GT(parts[0], 0);
    EXPECT_LT(parts[0], parts[1]);
    EXPECT_LT(parts[1], parts[2]);
    EXPECT_LT(parts[2], 2);
  }
}

TEST_F(CutJumpTest, ShardsAndStagesDontShow) {
  Convert("one", {"--cut-jump", "0.4"});
  Convert("other", {"--cut-jump", "0.4", "--exr", "all", "--workers", "3"});
  EXPECT_EQ(FrameHashes(folder_ / "one.mkv", ""), FrameHashes(folder_ / "other.mkv", ""));
}

}  // namespace
}  // namespace stereofarm
