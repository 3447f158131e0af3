// `stereofarm convert` as somebody with one machine uses it.
#include <filesystem>
#include <fstream>

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

std::string SubtitleText(const fs::path& film) {
  const Ended ended = RunProgram({"ffmpeg", "-v", "error", "-nostdin", "-copyts", "-i",
                                  film.string(), "-map", "0:s:0", "-f", "srt", "-"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  return ended.out;
}

// That `film` has everything of the small film: frames with their times, tracks, chapters.
void ExpectWholeFilm(const fs::path& film, double tolerance) {
  const fs::path source = SmallFilm();
  const json made = ProbeFilm(film);
  const json wanted = ProbeFilm(source);
  ExpectTimes(film, FrameTimes(source), tolerance);
  ASSERT_EQ(StreamsOf(made, "audio").size(), 2u);
  EXPECT_EQ(TrackHash(film, "0:a:0"), TrackHash(source, "0:a:0"));
  EXPECT_EQ(TrackHash(film, "0:a:1"), TrackHash(source, "0:a:1"));
  ASSERT_EQ(StreamsOf(made, "subtitle").size(), 1u);
  EXPECT_EQ(SubtitleText(film), SubtitleText(source));
  ASSERT_EQ(made["chapters"].size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(std::stod(made["chapters"][i]["start_time"].get<std::string>()),
                std::stod(wanted["chapters"][i]["start_time"].get<std::string>()), 0.001);
    EXPECT_EQ(made["chapters"][i]["tags"]["title"], wanted["chapters"][i]["tags"]["title"]);
  }
}

TEST(ConvertTest, AMatroskaFilmHasEveryFrameTrackAndChapter) {
  const TempFolder folder;
  const fs::path out = folder / "out.mkv";
  const Ended ended = Stereofarm({"convert", SmallFilm().string(), out.string()});
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(ended.err, "");
  EXPECT_THAT(ended.out, HasSubstr(out.string() + ": side by side, full width"));
  EXPECT_THAT(ended.out, HasSubstr("102 frames in "));
  EXPECT_THAT(ended.out, HasSubstr("depth 102 of 102 frames (100 %)"));
  ExpectWholeFilm(out, kMatroskaTolerance);
  const json film = ProbeFilm(out);
  EXPECT_EQ(StereoSignal(film), "side by side");
  EXPECT_EQ(PictureOf(film)["sample_aspect_ratio"], "1:1");
  EXPECT_EQ(PictureOf(film)["width"], 2 * kSmallWidth);
  EXPECT_EQ(PictureOf(film)["height"], kSmallHeight);
  EXPECT_THAT(FilesBelow(folder.path()), ElementsAre("out.mkv"));
}

TEST(ConvertTest, AnMp4FilmHasExactTimesAndItsSignalling) {
  const TempFolder folder;
  const fs::path out = folder / "out.mp4";
  const Ended ended = Stereofarm(
      {"convert", SmallFilm().string(), out.string(), "--layout", "half-tab", "--quiet"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(ended.out, "");
  ExpectWholeFilm(out, kMp4Tolerance);
  const json film = ProbeFilm(out);
  EXPECT_EQ(StereoSignal(film), "top and bottom");
  EXPECT_EQ(PictureOf(film)["sample_aspect_ratio"], "1:2");
  EXPECT_EQ(PictureOf(film)["width"], kSmallWidth);
  EXPECT_EQ(PictureOf(film)["height"], kSmallHeight);
}

TEST(ConvertTest, TheOtherEyeIsTheSourceBitForBit) {
  const TempFolder folder;
  const fs::path out = folder / "out.mkv";
  const Ended ended = Stereofarm(
      {"convert", SmallFilm().string(), out.string(), "--codec", "ffv1", "--range", "30:42"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  const std::vector<std::string> source = FrameHashes(SmallFilm(), "");
  const std::vector<std::string> left = FrameHashes(out, "crop=320:180:0:0");
  ASSERT_EQ(left.size(), 12u);
  EXPECT_EQ(left, std::vector<std::string>(source.begin() + 30, source.begin() + 42));
  // The frames before the cut at 36 and those behind it have a second eye of their own.
  EXPECT_NE(FrameHashes(out, "crop=320:180:320:0"), left);
}

TEST(ConvertTest, EitherEyeCanBeTheOneThatIsMade) {
  const TempFolder folder;
  const fs::path out = folder / "out.mkv";
  const Ended ended = Stereofarm({"convert", SmallFilm().string(), out.string(), "--codec", "ffv1",
                                  "--range", "30:36", "--synthesize", "left"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  const std::vector<std::string> source = FrameHashes(SmallFilm(), "");
  EXPECT_EQ(FrameHashes(out, "crop=320:180:320:0"),
            std::vector<std::string>(source.begin() + 30, source.begin() + 36));
  EXPECT_NE(FrameHashes(out, "crop=320:180:0:0"),
            std::vector<std::string>(source.begin() + 30, source.begin() + 36));
}

TEST(ConvertTest, JsonIsOneObjectALineAndTheLastOneSumsUp) {
  const TempFolder folder;
  const fs::path out = folder / "out.mkv";
  const Ended ended =
      Stereofarm({"convert", SmallFilm().string(), out.string(), "--range", "0:10", "--json"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  bool saw_render = false;
  for (const std::string& line : ended.OutLines()) {
    const json object = json::parse(line, nullptr, /*allow_exceptions=*/false);
    ASSERT_TRUE(object.is_object()) << line;
    saw_render = saw_render || object.value("stage", "") == "render";
  }
  EXPECT_TRUE(saw_render) << ended.out;
  const json last = ended.LastJson();
  EXPECT_EQ(last["frames"], 10);
  EXPECT_GT(last["seconds"], 0.0);
  EXPECT_EQ(last["tasks_run"], 3);  // scan, depth, render
  EXPECT_EQ(last["tasks_reused"], 0);
  EXPECT_EQ(last["output"], out.string());
}

TEST(ConvertTest, AFinishedFilmIsKnownAndAnotherFileIsNotTouched) {
  const TempFolder folder;
  const fs::path out = folder / "out.mkv";
  const std::vector<std::string> convert = {"convert", SmallFilm().string(), out.string(),
                                            "--range", "0:8"};
  ASSERT_EQ(Stereofarm(convert).code, 0);
  const std::string bytes = FileHash(out);
  const auto written = fs::last_write_time(out);

  const Ended again = Stereofarm(convert);
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_THAT(again.out, HasSubstr("is this job's finished film already"));
  EXPECT_EQ(fs::last_write_time(out), written);

  std::vector<std::string> other = convert;
  other.insert(other.end(), {"--budget", "1"});
  const Ended refused = Stereofarm(other);
  EXPECT_EQ(refused.code, 3);
  EXPECT_THAT(refused.err, HasSubstr(out.string() + " exists"));
  EXPECT_THAT(refused.err, HasSubstr("--yes"));
  EXPECT_EQ(FileHash(out), bytes);
  EXPECT_THAT(FilesBelow(folder.path()), ElementsAre("out.mkv"));

  other.push_back("--yes");
  const Ended replaced = Stereofarm(other);
  EXPECT_EQ(replaced.code, 0) << replaced.err;
  EXPECT_NE(FileHash(out), bytes);
}

TEST(ConvertTest, AWorkDirWithALongNameWorks) {
  const TempFolder folder;
  const fs::path work = folder.path() / std::string(150, 'w');
  const fs::path out = folder / "out.mkv";
  const Ended ended = Stereofarm({"convert", SmallFilm().string(), out.string(), "--range", "0:4",
                                  "--work-dir", work.string(), "--workers", "1"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(FilesBelow(folder.path()), ElementsAre("out.mkv"));
}

TEST(ConvertTest, OnlyOneConvertAtATimeWorksInAFolder) {
  const TempFolder folder;
  const fs::path out = folder / "out.mkv";
  Running first({"stereofarm", "convert", SmallFilm().string(), out.string()});
  ASSERT_TRUE(WaitUntil([&] { return fs::exists(folder / "out.mkv.stereofarm" / "farm.sock"); }));
  const Ended second = Stereofarm({"convert", SmallFilm().string(), out.string()});
  EXPECT_EQ(second.code, 3);
  EXPECT_THAT(second.err, HasSubstr("another stereofarm convert is at work in"));
  EXPECT_EQ(first.Wait().code, 0);
}

TEST(ConvertTest, ReadsNamesWithSpacesQuotesAndBytesThatAreNoUtf8) {
  const TempFolder folder;
  const fs::path in = folder.path() / "a film's \"cut\" caf\xe9 %d.mp4";
  const fs::path out = folder.path() / "out: caf\xe9 %d.mkv";
  fs::copy_file(SmallFilm(), in);
  const Ended ended = Stereofarm({"convert", in.string(), out.string(), "--range", "0:3"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_TRUE(fs::exists(out));
}

}  // namespace
}  // namespace stereofarm
