// Every layout, from one job.
#include <filesystem>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/films.h"
#include "tests/e2e/programs.h"
#include "tests/support/temp_folder.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

struct Expected {
  std::string layout;
  int width;
  int height;
  std::string stereo;
  std::string sample_aspect_ratio;
};

TEST(LayoutTest, EveryLayoutHasItsSizeShapeAndSignalling) {
  const std::vector<Expected> layouts = {
      {"sbs", 640, 180, "side by side", "1:1"},
      {"half-sbs", 320, 180, "side by side", "2:1"},
      {"tab", 320, 360, "top and bottom", "1:1"},
      {"half-tab", 320, 180, "top and bottom", "1:2"},
      {"anaglyph", 320, 180, "", "1:1"},
      {"left", 320, 180, "", "1:1"},
      {"right", 320, 180, "", "1:1"},
      {"depth", 320, 180, "", "1:1"},
      {"grid", 640, 360, "", "1:1"},
  };
  const TempFolder folder;
  std::vector<std::string> args = {"convert", SmallFilm().string(), (folder / "sbs.mkv").string(),
                                   "--range", "60:72"};
  for (size_t i = 1; i < layouts.size(); ++i) {
    args.insert(args.end(), {"--also", layouts[i].layout + "=" +
                                           (folder / (layouts[i].layout + ".mkv")).string()});
  }
  const Ended ended = Stereofarm(args);
  ASSERT_EQ(ended.code, 0) << ended.err;
  for (const Expected& expected : layouts) {
    SCOPED_TRACE(expected.layout);
    const fs::path film = folder / (expected.layout + ".mkv");
    const json probe = ProbeFilm(film);
    EXPECT_EQ(PictureOf(probe)["width"], expected.width);
    EXPECT_EQ(PictureOf(probe)["height"], expected.height);
    EXPECT_EQ(StereoSignal(probe), expected.stereo);
    EXPECT_EQ(PictureOf(probe).value("sample_aspect_ratio", "1:1"), expected.sample_aspect_ratio);
    EXPECT_EQ(FrameTimes(film).size(), 12u);
  }
}

}  // namespace
}  // namespace stereofarm
