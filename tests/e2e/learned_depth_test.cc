// Networks with weights, through the whole farm.
#include <stdlib.h>

#include <filesystem>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/films.h"
#include "tests/e2e/programs.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_data.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class LearnedDepthTest : public ::testing::Test {
 protected:
  Ended Convert(const std::string& depth, const std::vector<std::string>& more = {}) {
    std::vector<std::string> words = {
        "convert", SmallFilm().string(), out().string(), "--depth", depth, "--range", "32:40",
        "--quiet"};
    words.insert(words.end(), more.begin(), more.end());
    return Stereofarm(words);
  }
  fs::path out() const { return folder_ / "out.mkv"; }

  TempFolder folder_;
};

TEST_F(LearnedDepthTest, ANetworkWithWeightsMakesAFilm) {
  // The published layout in a small size.
  const fs::path weights = TestData("golden/depth_anything_v2/weights.safetensors");
  const Ended ended = Convert("depth-anything-v2:" + weights.string());
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(FrameTimes(out()).size(), 8u);
}

TEST_F(LearnedDepthTest, WeightsThatDontFitAreRefusedBeforeAnythingBegins) {
  const fs::path small = TestData("golden/depth_anything_v2/weights.safetensors");
  // Its sizes aren't the published network's.
  const Ended other = Convert("depth-anything-v2-small:" + small.string());
  EXPECT_EQ(other.code, 3) << other.err;
  EXPECT_THAT(other.err, HasSubstr(small.string()));
  const Ended film = Convert("depth-anything-v2-base:" + SmallFilm().string());
  EXPECT_EQ(film.code, 3) << film.err;
  EXPECT_THAT(film.err, HasSubstr(SmallFilm().string()));
  const Ended missing = Convert("depth-anything-v2-base:/no/such.pth");
  EXPECT_EQ(missing.code, 3) << missing.err;
  EXPECT_THAT(missing.err, HasSubstr("/no/such.pth"));
  EXPECT_FALSE(fs::exists(out()));
}

TEST_F(LearnedDepthTest, AMissingModelSaysHowToGetIt) {
  setenv("STEREOFARM_MODELS", (folder_ / "models").c_str(), 1);
  const Ended ended = Convert("depth-anything-v2-small");
  unsetenv("STEREOFARM_MODELS");
  EXPECT_EQ(ended.code, 3) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("stereofarm models fetch"));
  EXPECT_THAT(ended.err, HasSubstr((folder_ / "models").string()));
}

}  // namespace
}  // namespace stereofarm
