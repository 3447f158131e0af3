// Films with awkward containers, each for a few frames.
#include <cmath>
#include <filesystem>
#include <ostream>

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

struct Footage {
  std::string test;  // its name
  std::string file;
  int begin;
  int frames;
};
void PrintTo(const Footage& footage, std::ostream* out) { *out << footage.file; }

class FootageTest : public testing::TestWithParam<Footage> {};

// Times of a part begin with the part: what's compared are the distances from its first frame.
TEST_P(FootageTest, KeepsFramesTimesAndShape) {
  const auto& [test, file, begin, frames] = GetParam();
  const fs::path film = SharedFile(file);
  SF_SKIP_WITHOUT(film);
  const TempFolder folder;
  const fs::path out = folder / "out.mkv";
  const Ended ended = Stereofarm(
      {"convert", film.string(), out.string(), "--layout", "tab", "--range",
       std::to_string(begin) + ":" + std::to_string(begin + frames), "--set", "preset=ultrafast"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  const std::vector<double> source = FrameTimes(film);
  const std::vector<double> made = FrameTimes(out);
  ASSERT_EQ(made.size(), static_cast<size_t>(frames));
  ASSERT_GE(source.size(), static_cast<size_t>(begin + frames));
  for (size_t i = 0; i < made.size(); ++i) {
    EXPECT_NEAR(made[i] - made[0],
                source[static_cast<size_t>(begin) + i] - source[static_cast<size_t>(begin)],
                2 * kMatroskaTolerance)
        << "frame " << i;
  }
  const json from = PictureOf(ProbeFilm(film));
  const json to = PictureOf(ProbeFilm(out));
  EXPECT_EQ(to["width"], from["width"]);
  EXPECT_EQ(to["height"], 2 * from["height"].get<int>());
  EXPECT_EQ(to.value("sample_aspect_ratio", "1:1"), from.value("sample_aspect_ratio", "1:1"));
  EXPECT_EQ(to["pix_fmt"], from["pix_fmt"]);
  EXPECT_EQ(to.value("color_transfer", ""), from.value("color_transfer", ""));
  EXPECT_EQ(to.value("color_primaries", ""), from.value("color_primaries", ""));
}

INSTANTIATE_TEST_SUITE_P(
    Footage, FootageTest,
    testing::Values(Footage{"TenBitHdr", "footage/sample_film_10bit.mkv", 33, 6},
                    Footage{"VariableFrameRate", "footage/sample_film_vfr.mkv", 0, 8},
                    Footage{"Interlaced", "footage/sample_film_interlaced.ts", 10, 4},
                    Footage{"Truncated", "footage/truncated.mp4", 51, 6},
                    Footage{"TwelveFrames", "footage/real/cs_town.mp4", 0, 4},
                    Footage{"DelayedStart", "footage/real/psd_delayed_start.mp4", 0, 6},
                    Footage{"Fades", "footage/real/psd_fades.mp4", 40, 6},
                    Footage{"WidePixels", "footage/real/psd_issue-195-aspect-ratio.mp4", 100, 4},
                    Footage{"Cuts", "footage/real/v2v_demo.mp4", 38, 6},
                    Footage{"Handheld", "footage/real/vda_Tokyo-Walk_rgb.mp4", 190, 5}),
    [](const auto& info) { return info.param.test; });

// A whole film that starts late keeps its start.
TEST(FootageTimesTest, ADelayedStartStaysDelayed) {
  const fs::path film = SharedFile("footage/real/psd_delayed_start.mp4");
  SF_SKIP_WITHOUT(film);
  const TempFolder folder;
  for (const auto& [name, tolerance] :
       {std::pair("out.mkv", kMatroskaTolerance), std::pair("out.mp4", kMp4Tolerance)}) {
    const Ended ended = Stereofarm(
        {"convert", film.string(), (folder / name).string(), "--set", "preset=ultrafast"});
    ASSERT_EQ(ended.code, 0) << ended.err;
    ExpectTimes(folder / name, FrameTimes(film), tolerance);
  }
}

}  // namespace
}  // namespace stereofarm
