#include "coordinator/planning/disk_need.h"

#include <gtest/gtest.h>

namespace stereofarm {
namespace {

constexpr int64_t kGigabyte = 1'000'000'000;

// Two hours of HD at 24 frames a second, some 12 Mbit/s.
FilmSize Film() { return {172'800, 1920, 1080, 7200, 8, 11 * kGigabyte}; }

JobSettings Settings() {
  JobSettings settings;
  settings.outputs = {{Layout::kSbs, "/films/out.mkv"}};
  return settings;
}

// Within `factor` of what was measured.
void ExpectNear(int64_t guess, double measured, double factor) {
  EXPECT_GE(static_cast<double>(guess), measured / factor);
  EXPECT_LE(static_cast<double>(guess), measured * factor);
}

TEST(DiskNeedTest, WarpedAndFilledFramesLieThereForTheShardsInWork) {
  JobSettings all = Settings();
  all.exr = ExrMode::kAll;
  const int64_t depth = DiskNeedOf(Settings(), Film(), 4).store;
  const int64_t four = DiskNeedOf(all, Film(), 4).store - depth;
  const int64_t eight = DiskNeedOf(all, Film(), 8).store - depth;
  ExpectNear(four, 4.0 * 96 * 1920 * 1080 * 16, 1.2);
  ExpectNear(eight, 8.0 * 96 * 1920 * 1080 * 16, 1.2);
  all.synthesize = Eye::kBoth;
  ExpectNear(DiskNeedOf(all, Film(), 4).store - depth, 8.0 * 96 * 1920 * 1080 * 16, 1.2);
  all.synthesize = Eye::kRight;
  all.keep = true;
  ExpectNear(DiskNeedOf(all, Film(), 4).store - depth, 172'800.0 * 1920 * 1080 * 16, 1.2);
}

TEST(DiskNeedTest, DepthHasItsNetworksSize) {
  FilmSize wide = Film();
  wide.width = 4096;
  wide.height = 1714;
  JobSettings settings = Settings();
  const auto depth = [&](const std::string& model) {
    settings.depth = model;
    return static_cast<double>(DiskNeedOf(settings, wide, 1).store -
                               DiskNeedOf(settings, wide, 1).outputs[0]);
  };
  // 1232 x 518 and 938 x 392.
  const double pictures = depth("depth-anything-v2-small");
  const double videos = depth("video-depth-anything-small:/weights");
  EXPECT_GT(videos, 0);
  EXPECT_NEAR(pictures / videos, 1232.0 * 518 / (938 * 392), 0.1);
  EXPECT_EQ(depth("parallax+raft-small:/weights"), depth("parallax"));
}

TEST(DiskNeedTest, DepthOfTheWholeFilmLiesThereUnlessItHasToGo) {
  const DiskNeed need = DiskNeedOf(Settings(), Film(), 1);
  EXPECT_GT(need.store - need.store_least, 30 * kGigabyte);
  JobSettings keep = Settings();
  keep.keep = true;
  EXPECT_EQ(DiskNeedOf(keep, Film(), 1).store_least, need.store);
  JobSettings folder = Settings();
  folder.depth = "exr:/depth";
  EXPECT_GT(DiskNeedOf(folder, Film(), 1).store, 4 * need.store);
}

TEST(DiskNeedTest, DepthThatWasExportedStaysInFloats) {
  JobSettings folder = Settings();
  folder.depth = "exr:/depth";
  FilmSize film = Film();
  const auto depth = [&] {
    const DiskNeed need = DiskNeedOf(folder, film, 1);
    return static_cast<double>(need.store - need.outputs[0]);
  };
  const double halves = depth();
  film.depth_is_exported = true;
  EXPECT_NEAR(depth() / halves, 3.5 / 0.9, 0.05);
}

TEST(DiskNeedTest, EachExportLiesInTheStoreAndInItsPlace) {
  JobSettings settings = Settings();
  settings.exports = {{ExportFormat::kExr, "/d"}, {ExportFormat::kPng16, "/p"}};
  const DiskNeed need = DiskNeedOf(settings, Film(), 1);
  ASSERT_EQ(need.exports.size(), 2u);
  ExpectNear(need.exports[0], 172'800.0 * 1920 * 1080 * 4, 1.2);
  ExpectNear(need.exports[1], 172'800.0 * 1920 * 1080 * 2, 1.2);
  const DiskNeed without = DiskNeedOf(Settings(), Film(), 1);
  ExpectNear(need.store_least - without.store_least, 172'800.0 * 1920 * 1080 * 6, 1.2);
}

TEST(DiskNeedTest, EachOutputCostsWhatItsPictureHolds) {
  JobSettings settings = Settings();
  settings.outputs.push_back({Layout::kHalfSbs, "/films/half.mkv"});
  const DiskNeed need = DiskNeedOf(settings, Film(), 1);
  ASSERT_EQ(need.outputs.size(), 2u);
  ExpectNear(need.outputs[0], 2.0 * static_cast<double>(need.outputs[1]), 1.01);
  EXPECT_GT(need.store, need.outputs[0] + need.outputs[1]);
  settings.encoder_options["b"] = "20M";
  ExpectNear(DiskNeedOf(settings, Film(), 1).outputs[0], 20e6 / 8 * 7200, 1.2);
  settings.range = FrameRange{0, 17'280};
  ExpectNear(DiskNeedOf(settings, Film(), 1).outputs[0], 20e6 / 8 * 720, 1.2);
}

// 24 frames of footage, with each encoder.
TEST(DiskNeedTest, FilmsAreGuessedWithinAFactor) {
  struct Measured {
    FilmSize film;
    const char* codec;
    double bytes;
    double factor;
  };
  const FilmSize noisy{52, 1280, 768, 2.08, 8, 1'288'483};
  const FilmSize fine{102, 960, 540, 4.25, 10, 2'233'923};
  for (const Measured& row : {
           Measured{noisy, "libx264", 3'116'897, 3},
           {noisy, "ffv1", 27'411'570, 1.5},
           {noisy, "prores_ks", 21'979'805, 1.6},
           {fine, "libx264", 1'161'156, 3},
           {fine, "ffv1", 17'468'562, 1.5},
           {fine, "prores_ks", 13'370'090, 1.6},
       }) {
    SCOPED_TRACE(row.codec);
    JobSettings settings = Settings();
    settings.codec = row.codec;
    if (row.codec != std::string("libx264")) settings.crf.reset();
    settings.range = FrameRange{0, 24};
    ExpectNear(DiskNeedOf(settings, row.film, 1).outputs[0], row.bytes, row.factor);
  }
}

TEST(DiskNeedTest, NothingOverflows) {
  const FilmSize huge{1'000'000'000, 65'536, 65'536, 1e9, 16, INT64_MAX};
  JobSettings settings = Settings();
  settings.exr = ExrMode::kAll;
  settings.keep = true;
  EXPECT_GT(DiskNeedOf(settings, huge, 1'000'000).store, 0);
  EXPECT_GT(DiskNeedOf(settings, FilmSize(), 0).store, 0);
}

}  // namespace
}  // namespace stereofarm
