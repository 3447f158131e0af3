#include "coordinator/cli/preflight.h"

#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_data.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class PreflightTest : public testing::Test {
 protected:
  PreflightTest() {
    settings_.input = TestData("sample_film.mp4").string();
    settings_.outputs = {{Layout::kSbs, (folder_.path() / "out.mkv").string()}};
  }
  std::string FilesError() const { return std::string(CheckInputAndOutputs(settings_).message()); }

  TempFolder folder_;
  JobSettings settings_;
};

TEST_F(PreflightTest, AGoodJobPasses) {
  EXPECT_TRUE(CheckInputAndOutputs(settings_).ok());
  EXPECT_TRUE(CheckEncoding(settings_).ok());
}

TEST_F(PreflightTest, TheInputMustBeAFilm) {
  settings_.input = (folder_.path() / "missing.mov").string();
  EXPECT_THAT(FilesError(), HasSubstr("missing.mov"));
  settings_.input = (folder_.path() / "text.mov").string();
  std::ofstream(settings_.input) << "hello\n";
  EXPECT_THAT(FilesError(), HasSubstr("text.mov"));
}

TEST_F(PreflightTest, TheOutputNeedsAFolderAndIsNone) {
  settings_.outputs[0].file = folder_.path().string();
  EXPECT_THAT(FilesError(), HasSubstr("is a folder"));
  settings_.outputs[0].file = (folder_.path() / "none" / "out.mkv").string();
  EXPECT_THAT(FilesError(), HasSubstr("there is no folder"));
}

TEST_F(PreflightTest, TheOutputIsNotTheInputByAnotherName) {
  settings_.outputs[0].file = (folder_.path() / "link.mkv").string();
  fs::create_symlink(settings_.input, settings_.outputs[0].file);
  EXPECT_THAT(FilesError(), HasSubstr("is the film to read, too"));
}

TEST_F(PreflightTest, EveryOutputIsLookedAt) {
  settings_.outputs.push_back({Layout::kLeft, "/nonexistent/left.mkv"});
  EXPECT_THAT(FilesError(), HasSubstr("/nonexistent"));
}

TEST_F(PreflightTest, DepthFilesMustBeThere) {
  settings_.depth = "exr:" + (folder_.path() / "depth").string();
  EXPECT_THAT(FilesError(), HasSubstr("--depth: there is no folder"));
  fs::create_directory(folder_.path() / "depth");
  EXPECT_THAT(FilesError(), HasSubstr("holds no .exr files"));
  std::ofstream(folder_.path() / "depth" / "z.0001.exr") << "x";
  EXPECT_EQ(FilesError(), "");
  settings_.depth = "torchscript:" + (folder_.path() / "net.pt").string();
  EXPECT_THAT(FilesError(), HasSubstr("--depth: there is no file"));
}

TEST_F(PreflightTest, WeightsMustBeThereAndTheNetworks) {
  setenv("STEREOFARM_MODELS", folder_.path().c_str(), 1);
  settings_.depth = "depth-anything-v2-small";
  EXPECT_THAT(FilesError(), HasSubstr("--depth depth-anything-v2-small: "));
  EXPECT_THAT(FilesError(), HasSubstr("models fetch"));
  unsetenv("STEREOFARM_MODELS");
  // Its sizes aren't the published network's.
  const std::string other = TestData("golden/depth_anything_v2/weights.safetensors").string();
  settings_.depth = "depth-anything-v2-small:" + other;
  EXPECT_THAT(FilesError(), HasSubstr("--depth: "));
  EXPECT_THAT(FilesError(), HasSubstr(other));
  settings_.depth = "depth-anything-v2:" + other;
  EXPECT_EQ(FilesError(), "");
}

TEST_F(PreflightTest, TheEncoderAndContainersAreChecked) {
  settings_.codec = "nonsense";
  EXPECT_FALSE(CheckEncoding(settings_).ok());
  settings_.codec = "ffv1";
  EXPECT_FALSE(CheckEncoding(settings_).ok());  // has no crf
  settings_.crf.reset();
  settings_.encoder_options.clear();
  EXPECT_TRUE(CheckEncoding(settings_).ok());
  settings_.outputs[0].file = (folder_.path() / "out.xyz").string();
  EXPECT_FALSE(CheckEncoding(settings_).ok());
}

}  // namespace
}  // namespace stereofarm
