#include "coordinator/cli/probe_report.h"

#include <utility>

#include "coordinator/cli/film_cuts.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/support/test_data.h"

namespace stereofarm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

ProbedFilm Film(std::vector<int64_t> times) {
  ProbedFilm film;
  film.file = "/films/in.mov";
  film.media.streams = {{.index = 0, .type = "video", .codec = "h264"},
                        {.index = 1, .type = "audio", .codec = "aac", .language = "fra"}};
  FrameIndex index;
  index.time_base = {1, 1000};
  for (const int64_t pts : times) index.frames.push_back({.pts = pts, .duration = 40});
  index.video.stream_index = 0;
  index.video.width = 1920;
  index.video.height = 1080;
  film.index = std::make_shared<const FrameIndex>(std::move(index));
  return film;
}

TEST(ProbeReportTest, JsonHasFramesTimesCutsAndStreams) {
  ProbedFilm film = Film({0, 40, 80, 120});
  film.cuts = {{2}};
  const auto json = nlohmann::json::parse(ProbeJson(film));
  EXPECT_EQ(json["frames"], 4);
  EXPECT_THAT(json["pts"], ElementsAre(0, 40, 80, 120));
  EXPECT_THAT(json["time_base"], ElementsAre(1, 1000));
  EXPECT_THAT(json["cuts"], ElementsAre(2));
  EXPECT_EQ(json["streams"][1]["language"], "fra");
  EXPECT_EQ(json["width"], 1920);
}

TEST(ProbeReportTest, CutsThatWereNotLookedForAreLeftOut) {
  EXPECT_FALSE(nlohmann::json::parse(ProbeJson(Film({0, 40}))).contains("cuts"));
}

TEST(ProbeReportTest, RoundedTimestampsAreNoVariableFrameRate) {
  EXPECT_FALSE(HasVariableFrameRate(*Film({0, 33, 67, 100, 133, 167}).index));
  EXPECT_TRUE(HasVariableFrameRate(*Film({0, 33, 100, 133, 167}).index));
}

TEST(ProbeReportTest, AnInterlacedFilmGetsAWarning) {
  ProbedFilm film = Film({0, 40, 80});
  EXPECT_THAT(ProbeText(film), Not(HasSubstr("warning")));
  FrameIndex index = *film.index;
  index.video.interlaced = true;
  index.video.field_order = "tt";
  film.index = std::make_shared<const FrameIndex>(std::move(index));
  EXPECT_THAT(ProbeText(film), HasSubstr("warning   the picture is interlaced (tt)"));
}

TEST(FilmCutsTest, FindsTheSampleFilmsCuts) {
  auto index = BuildFrameIndex(TestData("sample_film.mp4"));
  ASSERT_TRUE(index.ok()) << index.status();
  int64_t done = 0;
  const auto cuts =
      FindFilmCuts(TestData("sample_film.mp4"), std::make_shared<const FrameIndex>(*index),
                   [&](int64_t frames) { done = frames; });
  ASSERT_TRUE(cuts.ok()) << cuts.status();
  EXPECT_THAT(*cuts, ElementsAre(36, 66));
  EXPECT_EQ(done, 102);
}

}  // namespace
}  // namespace stereofarm
