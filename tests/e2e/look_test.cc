// `probe` and `preview`.
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
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(ProbeTest, SeesWhatFfprobeSeesAndTheCuts) {
  const Ended ended = Stereofarm({"probe", TestData("sample_film.mp4").string(), "--json"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  const json film = ended.LastJson();
  EXPECT_EQ(film["frames"], kSampleFrames);
  EXPECT_THAT(film["cuts"], ElementsAre(36, 66));
  const std::vector<double> times = FrameTimes(TestData("sample_film.mp4"));
  ASSERT_EQ(film["pts"].size(), times.size());
  const double tick = film["time_base"][0].get<double>() / film["time_base"][1].get<double>();
  for (size_t i = 0; i < times.size(); ++i) {
    EXPECT_NEAR(film["pts"][i].get<double>() * tick, times[i], 1e-9);
  }
  EXPECT_EQ(film["streams"].size(), ProbeFilm(TestData("sample_film.mp4"))["streams"].size());
  EXPECT_EQ(film["chapters"], 3);
}

TEST(ProbeTest, PeopleGetLines) {
  const Ended ended = Stereofarm({"probe", SmallFilm().string(), "--no-cuts"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("frames    102, 0:04, 24.000 fps\n"));
  EXPECT_THAT(ended.out, HasSubstr("picture   320x180, h264\n"));
  EXPECT_THAT(ended.out, Not(HasSubstr("shots")));
}

TEST(PreviewTest, WritesOneFrameAndNothingElse) {
  const TempFolder folder;
  const fs::path picture = folder / "frame.png";
  const Ended ended = Stereofarm(
      {"preview", SmallFilm().string(), "--at", "2.0", "-o", picture.string(), "--layout", "grid"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("frame 48, at 2.000 s"));
  const json probe = ProbeFilm(picture);
  EXPECT_EQ(PictureOf(probe)["codec_name"], "png");
  EXPECT_EQ(PictureOf(probe)["width"], 2 * kSmallWidth);
  EXPECT_EQ(PictureOf(probe)["height"], 2 * kSmallHeight);
  EXPECT_THAT(FilesBelow(folder.path()), ElementsAre("frame.png"));
}

TEST(PreviewTest, TheLeftEyeIsTheSourcesFrame) {
  const TempFolder folder;
  const fs::path picture = folder / "frame.png";
  const Ended ended = Stereofarm({"preview", SmallFilm().string(), "--at", "101f", "-o",
                                  picture.string(), "--layout", "left", "--quiet"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(ended.out, "");
  // PSNR against the source's frame, which ffmpeg converts to RGB a little differently.
  const Ended compared =
      RunProgram({"ffmpeg", "-nostdin", "-i", picture.string(), "-ss", "4.2", "-i",
                  SmallFilm().string(), "-lavfi",
                  "[1:v]trim=end_frame=1,scale=in_color_matrix=bt709,format=gbrp[s];"
                  "[0:v]format=gbrp[p];[p][s]psnr",
                  "-f", "null", "-"});
  const size_t at = compared.err.find("average:");
  ASSERT_NE(at, std::string::npos) << compared.err;
  EXPECT_GT(std::stod(compared.err.substr(at + 8)), 38) << compared.err.substr(at, 20);
}

TEST(PreviewTest, ATimeBehindTheEndIsBadInput) {
  const TempFolder folder;
  const Ended ended = Stereofarm(
      {"preview", SmallFilm().string(), "--at", "9:59", "-o", (folder / "frame.png").string()});
  EXPECT_EQ(ended.code, 3);
  EXPECT_THAT(ended.err, HasSubstr("--at: the film is 4.250 seconds long"));
  EXPECT_TRUE(FilesBelow(folder.path()).empty());
}

}  // namespace
}  // namespace stereofarm
