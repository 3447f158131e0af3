// Depth as files, and back again.
#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>

#include "common/exr/exr.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/films.h"
#include "tests/e2e/programs.h"
#include "tests/support/temp_folder.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// Samples of 16 bits that ffmpeg finds in a picture.
std::vector<uint16_t> GraySamples(const fs::path& picture) {
  const TempFolder folder;
  const fs::path raw = folder / "raw";
  const Ended ended = RunProgram({"ffmpeg", "-v", "error", "-nostdin", "-i", picture.string(), "-f",
                                  "rawvideo", "-pix_fmt", "gray16le", raw.string()});
  EXPECT_EQ(ended.code, 0) << ended.err;
  std::vector<uint16_t> samples(static_cast<size_t>(kSmallWidth) * kSmallHeight);
  std::ifstream file(raw, std::ios::binary);
  file.read(reinterpret_cast<char*>(samples.data()),
            static_cast<std::streamsize>(samples.size() * sizeof(uint16_t)));
  EXPECT_TRUE(file);
  return samples;
}

class ExportTest : public ::testing::Test {
 protected:
  // Converts the small film; a small shard so that there are many seams.
  Ended Convert(const std::string& name, std::vector<std::string> options) {
    std::vector<std::string> words = {"convert",
                                      SmallFilm().string(),
                                      (folder_ / name).string(),
                                      "--codec",
                                      "ffv1",
                                      "--shard-frames",
                                      "24"};
    words.insert(words.end(), options.begin(), options.end());
    return Stereofarm(words);
  }
  std::string Export(const std::string& format, const std::string& name) const {
    return format + "=" + (folder_ / name).string();
  }
  std::string From(const std::string& name) const { return "exr:" + (folder_ / name).string(); }
  std::vector<std::string> Frames(const std::string& name) const {
    return FrameHashes(folder_ / name, "");
  }
  const TempFolder folder_;
};

TEST_F(ExportTest, WhatWasExportedGivesTheSameFilmBitForBit) {
  const Ended first =
      Convert("first.mkv", {"--export-depth", Export("exr", "z"), "--export-depth",
                            Export("png16", "png"), "--export-depth", Export("npz", "npz"),
                            "--also", "depth=" + (folder_ / "depth.mkv").string()});
  ASSERT_EQ(first.code, 0) << first.err;
  for (const char* folder : {"z", "png", "npz"}) {
    EXPECT_EQ(CountBelow(folder_ / folder, "depth.0"), kSampleFrames) << folder;
    EXPECT_EQ(CountBelow(folder_ / folder, ""), kSampleFrames + 1) << folder;  // the note
  }
  const Ended second = Convert(
      "second.mkv", {"--depth", From("z"), "--also", "depth=" + (folder_ / "depth2.mkv").string()});
  ASSERT_EQ(second.code, 0) << second.err;
  EXPECT_EQ(Frames("second.mkv"), Frames("first.mkv"));
  EXPECT_EQ(Frames("depth2.mkv"), Frames("depth.mkv"));
  // Every step of 16 bits is that of the float file.
  const ExrImage exr = ReadExr(folder_ / "z" / "depth.000050.exr").value();
  const std::vector<uint16_t> png = GraySamples(folder_ / "png" / "depth.000050.png");
  for (int y = 0; y < kSmallHeight; ++y) {
    for (int x = 0; x < kSmallWidth; ++x) {
      ASSERT_EQ(png[static_cast<size_t>(y * kSmallWidth + x)],
                std::lround(exr.image.Row(0, y)[x] * 65535.0f));
    }
  }
  const Ended again =
      Convert("first.mkv", {"--export-depth", Export("exr", "z"), "--export-depth",
                            Export("png16", "png"), "--export-depth", Export("npz", "npz"),
                            "--also", "depth=" + (folder_ / "depth.mkv").string()});
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_THAT(again.out, HasSubstr("already"));
}

TEST_F(ExportTest, MetresGiveTheSameFilmWithTheirRig) {
  fs::create_directories(folder_ / "made");
  for (int i = 0; i < kSampleFrames; ++i) {
    Image metres(kSmallWidth, kSmallHeight, 1);
    for (int y = 0; y < kSmallHeight; ++y) {
      for (int x = 0; x < kSmallWidth; ++x) {
        metres.Row(0, y)[x] = 1.3f + 0.01f * static_cast<float>((3 * x + 5 * y + i) % 900);
      }
    }
    const fs::path file = folder_ / "made" / ("z" + std::to_string(1000 + i) + ".exr");
    ASSERT_TRUE(WriteExr(file, metres, {"Z"}, {}).ok());
  }
  const std::string rig = "fx=300,baseline=0.06,convergence=3";
  const Ended first =
      Convert("first.mkv", {"--depth", From("made"), "--rig", rig, "--export-depth",
                            Export("exr-metres", "z"), "--export-depth", Export("exr", "d")});
  ASSERT_EQ(first.code, 0) << first.err;
  const Ended second = Convert("second.mkv", {"--depth", From("z"), "--rig", rig});
  ASSERT_EQ(second.code, 0) << second.err;
  EXPECT_EQ(Frames("second.mkv"), Frames("first.mkv"));
  const Ended third = Convert("third.mkv", {"--depth", From("d"), "--rig", rig});
  EXPECT_EQ(third.code, 3) << third.err;
  EXPECT_THAT(third.err, HasSubstr("--rig needs metres"));
}

TEST_F(ExportTest, WhatWasExportedOfARangeIsTakenBackWithThatRange) {
  const Ended first =
      Convert("first.mkv", {"--range", "30:50", "--export-depth", Export("exr", "z")});
  ASSERT_EQ(first.code, 0) << first.err;
  EXPECT_EQ(CountBelow(folder_ / "z", "depth.0000"), 20);
  const Ended second = Convert("second.mkv", {"--range", "30:50", "--depth", From("z")});
  ASSERT_EQ(second.code, 0) << second.err;
  EXPECT_EQ(Frames("second.mkv"), Frames("first.mkv"));
  // Another range of as many frames, and none at all.
  const Ended third = Convert("third.mkv", {"--range", "31:51", "--depth", From("z")});
  EXPECT_NE(third.code, 0);
  EXPECT_THAT(third.err, HasSubstr("says that it is frame 3"));
  const Ended fourth = Convert("fourth.mkv", {"--range", "30:55", "--depth", From("z")});
  EXPECT_EQ(fourth.code, 3) << fourth.err;
  EXPECT_THAT(fourth.err, HasSubstr("or the 25 of --range"));
}

TEST_F(ExportTest, ADepthFilmOf16BitsHasThemAll) {
  const Ended ended = Convert(
      "depth.mkv", {"--layout", "depth", "--export-depth", Export("exr", "z"), "--range", "0:2"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(PictureOf(ProbeFilm(folder_ / "depth.mkv"))["pix_fmt"], "gray16le");
  const std::vector<uint16_t> film = GraySamples(folder_ / "depth.mkv");
  EXPECT_GT(std::set<uint16_t>(film.begin(), film.end()).size(), 4096u);
}

TEST_F(ExportTest, WhatCantBeIsRefusedInOneSentence) {
  const auto expect = [&](int code, const std::string& said, std::vector<std::string> options) {
    const Ended ended = Convert("out.mkv", options);
    EXPECT_EQ(ended.code, code) << ended.err;
    EXPECT_THAT(ended.err, HasSubstr(said));
    EXPECT_FALSE(fs::exists(folder_ / "out.mkv"));
  };
  expect(2, "use one of exr, exr-half", {"--export-depth", Export("tiff", "z")});
  expect(2, "FORMAT=DIR", {"--export-depth", "exr"});
  expect(2, "without --rig", {"--export-depth", Export("exr-metres", "z")});
  fs::create_directories(folder_ / "mine");
  std::ofstream(folder_ / "mine" / "file") << "mine";
  expect(3, "mine exists", {"--export-depth", Export("exr", "mine")});
  expect(3, "no export has written", {"--export-depth", Export("exr", "mine"), "--yes"});
  EXPECT_TRUE(fs::exists(folder_ / "mine" / "file"));
}

}  // namespace
}  // namespace stereofarm
