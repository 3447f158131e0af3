#include "coordinator/cli/settings_options.h"

#include <filesystem>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace stereofarm {
namespace {

using testing::HasSubstr;
using testing::Pair;
using testing::UnorderedElementsAre;

// The settings of `convert IN OUT` with these further words.
absl::StatusOr<JobSettings> Parse(const std::vector<std::string>& words) {
  CLI::App app;
  SettingsArguments arguments;
  app.add_option("IN", arguments.input)->required();
  app.add_option("OUT", arguments.output)->required();
  AddPictureOptions(&app, &arguments);
  AddEncodingOptions(&app, &arguments);
  AddFarmingOptions(&app, &arguments);
  AddTestOptions(&app, &arguments);
  std::vector<std::string> reversed(words.rbegin(), words.rend());
  reversed.insert(reversed.end(), {"/films/out.mkv", "/films/in.mov"});
  app.parse(reversed);
  return BuildSettings(arguments);
}

std::string ErrorOf(const std::vector<std::string>& words) {
  return std::string(Parse(words).status().message());
}

TEST(SettingsOptionsTest, NoOptionGivesTheDefaultSettings) {
  JobSettings expected;
  expected.input = "/films/in.mov";
  expected.outputs = {{Layout::kSbs, "/films/out.mkv"}};
  EXPECT_EQ(*Parse({}), expected);
}

TEST(SettingsOptionsTest, PathsBecomeAbsolute) {
  const auto settings = Parse({"--also", "anaglyph=look.mp4", "--depth", "exr:depth/../z"});
  const std::filesystem::path here = std::filesystem::current_path();
  EXPECT_EQ(settings->outputs[1].file, (here / "look.mp4").string());
  EXPECT_EQ(settings->outputs[1].layout, Layout::kAnaglyph);
  EXPECT_EQ(settings->depth, "exr:" + (here / "z").string());
}

TEST(SettingsOptionsTest, OptionsThatMayBeGivenAgainAddUp) {
  const auto settings = Parse({"--also", "depth=/d.mkv", "--also", "left=/l.mkv", "--set",
                               "tune=film", "--set", "preset=fast", "--layout", "tab"});
  ASSERT_EQ(settings->outputs.size(), 3u);
  EXPECT_EQ(settings->outputs[0].layout, Layout::kTab);
  EXPECT_EQ(settings->outputs[2].layout, Layout::kLeft);
  EXPECT_THAT(settings->encoder_options,
              UnorderedElementsAre(Pair("tune", "film"), Pair("preset", "fast")));
}

TEST(SettingsOptionsTest, OnlyX264AndX265HaveADefaultQuality) {
  EXPECT_EQ(Parse({"--codec", "libx265"})->crf, 18);
  EXPECT_EQ(Parse({"--codec", "ffv1"})->crf, std::nullopt);
  EXPECT_TRUE(Parse({"--codec", "ffv1"})->encoder_options.empty());
  EXPECT_EQ(Parse({"--codec", "ffv1", "--crf", "20"})->crf, 20);  // for CheckEncoder to refuse
}

TEST(SettingsOptionsTest, ABitRateStandsInForTheDefaultQuality) {
  EXPECT_EQ(Parse({"--set", "b=5M"})->crf, std::nullopt);
  EXPECT_EQ(Parse({"--set", "b=5M", "--crf", "20"})->crf, 20);
  EXPECT_THAT(ErrorOf({"--set", "crf=20"}), HasSubstr("--crf"));
}

TEST(SettingsOptionsTest, EverythingElseReachesTheSettings) {
  const auto settings = Parse({"--budget",
                               "1.5",
                               "--convergence",
                               "0.25",
                               "--synthesize",
                               "both",
                               "--resample",
                               "bicubic",
                               "--inpaint",
                               "stretch",
                               "--depth",
                               "exr:/z",
                               "--depth-exr",
                               "inverse",
                               "--rig",
                               "fx=1800,baseline=0.06,convergence=3",
                               "--pix-fmt",
                               "yuv420p",
                               "--shard-frames",
                               "24",
                               "--overlap",
                               "4",
                               "--exr",
                               "all",
                               "--range",
                               "10:20",
                               "--keep",
                               "--perturb-depth",
                               "7"});
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ(settings->budget_percent, 1.5);
  EXPECT_EQ(settings->convergence, 0.25);
  EXPECT_EQ(settings->synthesize, Eye::kBoth);
  EXPECT_EQ(settings->resample, ResampleSetting::kBicubic);
  EXPECT_EQ(settings->inpaint, "stretch");
  EXPECT_TRUE(settings->depth_exr_inverse);
  EXPECT_EQ(settings->rig->baseline_m, 0.06);
  EXPECT_EQ(settings->pixel_format, "yuv420p");
  EXPECT_EQ(settings->shard_frames, 24);
  EXPECT_EQ(settings->overlap, 4);
  EXPECT_EQ(settings->exr, ExrMode::kAll);
  EXPECT_EQ(settings->range, (FrameRange{10, 20}));
  EXPECT_TRUE(settings->keep);
  EXPECT_EQ(settings->perturb_depth_seed, 7u);
}

TEST(SettingsOptionsTest, NonsenseIsRefusedByTheNameOfItsOption) {
  EXPECT_THAT(ErrorOf({"--layout", "sideways"}), HasSubstr("--layout: 'sideways'"));
  EXPECT_THAT(ErrorOf({"--also", "anaglyph"}), HasSubstr("--also"));
  EXPECT_THAT(ErrorOf({"--also", "anaglyph="}), HasSubstr("--also"));
  EXPECT_THAT(ErrorOf({"--depth", "magic"}), HasSubstr("--depth: 'magic'"));
  EXPECT_THAT(ErrorOf({"--depth-exr", "metres"}), HasSubstr("--depth-exr"));
  EXPECT_THAT(ErrorOf({"--exr", "some"}), HasSubstr("--exr"));
  EXPECT_THAT(ErrorOf({"--range", "20:10"}), HasSubstr("--range"));
  EXPECT_THAT(ErrorOf({"--budget", "50"}), HasSubstr("--budget"));
  EXPECT_THAT(ErrorOf({"--set", "preset"}), HasSubstr("--set"));
  EXPECT_THAT(ErrorOf({"--synthesize", "middle"}), HasSubstr("--synthesize"));
  EXPECT_THAT(ErrorOf({"--resample", "lanczos"}), HasSubstr("--resample"));
  EXPECT_THAT(ErrorOf({"--also", "left=/films/out.mkv"}), HasSubstr("named twice"));
}

}  // namespace
}  // namespace stereofarm
