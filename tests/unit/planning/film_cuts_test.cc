#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "common/media/frame_index.h"
#include "common/media/frame_reader.h"
#include "common/media/picture.h"
#include "coordinator/planning/cut_detector.h"
#include "tests/support/test_data.h"

namespace stereofarm {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct FilmCuts {
  std::vector<int64_t> cuts;
  std::vector<double> seconds;
};

FilmCuts CutsOfFile(const std::filesystem::path& path) {
  auto index = BuildFrameIndex(path);
  EXPECT_TRUE(index.ok()) << index.status();
  if (!index.ok()) return {};
  const auto shared = std::make_shared<const FrameIndex>(*std::move(index));
  const int64_t frames = shared->frame_count();
  auto reader = FrameReader::Open(path, shared, {0, frames});
  EXPECT_TRUE(reader.ok()) << reader.status();
  if (!reader.ok()) return {};
  ColorConverter converter(shared->video.color);
  CutAnalyzer analyzer;
  std::vector<CutFeatures> features;
  while (true) {
    auto frame = (*reader)->Next();
    EXPECT_TRUE(frame.ok()) << frame.status();
    if (!frame.ok() || !frame->has_value()) break;
    auto rgb = converter.ToRgb((*frame)->picture, kCutWidth, kCutHeight);
    EXPECT_TRUE(rgb.ok()) << rgb.status();
    if (!rgb.ok()) break;
    features.push_back(analyzer.Next(*rgb));
  }
  CutDetector detector(frames);
  EXPECT_TRUE(detector.Add({0, frames}, features).ok());
  FilmCuts out{.cuts = detector.Cuts()};
  for (int64_t cut : out.cuts) {
    out.seconds.push_back(shared->SecondsOf(cut) - shared->SecondsOf(0));
  }
  return out;
}

#define CUTS_OF_SHARED(name)                     \
  const auto path = SharedFile("footage/" name); \
  SF_SKIP_WITHOUT(path);                         \
  const FilmCuts found = CutsOfFile(path)

TEST(FilmCutsTest, SampleFilmHasTwoCuts) {
  EXPECT_THAT(CutsOfFile(TestData("sample_film.mp4")).cuts, ElementsAre(36, 66));
}

TEST(FilmCutsTest, HdrMasterHasTheSameTwo) {
  CUTS_OF_SHARED("sample_film_10bit.mkv");
  EXPECT_THAT(found.cuts, ElementsAre(36, 66));
}

TEST(FilmCutsTest, DroppedFramesAreNoCuts) {
  CUTS_OF_SHARED("sample_film_vfr.mkv");
  EXPECT_THAT(found.cuts, ElementsAre(22, 42));
}

TEST(FilmCutsTest, AnimationHasFiveCuts) {
  CUTS_OF_SHARED("real/v2v_demo.mp4");
  const double wanted[] = {1.37, 6.53, 8.93, 14.00, 16.57};
  ASSERT_EQ(found.seconds.size(), std::size(wanted)) << testing::PrintToString(found.cuts);
  for (size_t i = 0; i < std::size(wanted); ++i) EXPECT_NEAR(found.seconds[i], wanted[i], 0.01);
}

TEST(FilmCutsTest, FadesThroughWhiteAndBlackAreOneCutEach) {
  CUTS_OF_SHARED("real/psd_fades.mp4");
  const int64_t wanted[] = {42, 84, 126, 168, 210};
  ASSERT_EQ(found.cuts.size(), std::size(wanted)) << testing::PrintToString(found.cuts);
  for (size_t i = 0; i < std::size(wanted); ++i) {
    EXPECT_LE(std::abs(found.cuts[i] - wanted[i]), 2) << found.cuts[i];
  }
}

TEST(FilmCutsTest, DocumentaryHasFiveCuts) {
  CUTS_OF_SHARED("real/psd_issue-195-aspect-ratio.mp4");
  EXPECT_THAT(found.cuts, ElementsAre(70, 170, 301, 421, 484));
}

TEST(FilmCutsTest, OneTakeHasNone) {
  for (const char* name : {"vda_Tokyo-Walk_rgb.mp4", "cs_town.mp4", "psd_delayed_start.mp4"}) {
    const auto path = SharedFile(std::string("footage/real/") + name);
    SF_SKIP_WITHOUT(path);
    EXPECT_THAT(CutsOfFile(path).cuts, IsEmpty()) << name;
  }
}

}  // namespace
}  // namespace stereofarm
