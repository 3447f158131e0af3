#include "common/media/frame_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "common/media/frame_index_io.h"
#include "tests/support/test_data.h"
#include "tests/unit/media/film_maker.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

std::vector<int64_t> PtsOf(const FrameIndex& index) {
  std::vector<int64_t> pts;
  for (const IndexedFrame& frame : index.frames) pts.push_back(frame.pts);
  return pts;
}

void ExpectIndexAsProbed(const fs::path& film) {
  SCOPED_TRACE(film.filename().string());
  const absl::StatusOr<FrameIndex> index = BuildFrameIndex(film);
  ASSERT_TRUE(index.ok()) << index.status();
  const std::vector<int64_t> probed = ProbedPts(film);
  std::vector<int64_t> pts = PtsOf(*index);
  ASSERT_EQ(pts.size(), probed.size());
  // The decoder gives no time to some last frames; the index does.
  for (size_t i = 0; i < pts.size(); ++i) {
    if (probed[i] == kNoTimestamp) pts[i] = kNoTimestamp;
    if (i > 0) {
      EXPECT_GT(index->frames[i].pts, index->frames[i - 1].pts);
    }
  }
  EXPECT_EQ(pts, probed);
}

std::vector<fs::path> SharedFilms() {
  std::vector<fs::path> films;
  for (const std::string folder : {"footage", "footage/real"}) {
    if (!fs::exists(SharedFile(folder))) continue;
    for (const fs::directory_entry& entry : fs::directory_iterator(SharedFile(folder))) {
      const std::string extension = entry.path().extension().string();
      const std::string name = entry.path().stem().string();
      if (name == "garbage" || name == "truncated_nomoov") continue;
      if (extension == ".mp4" || extension == ".mkv" || extension == ".ts") {
        films.push_back(entry.path());
      }
    }
  }
  std::sort(films.begin(), films.end());
  return films;
}

TEST(FrameIndexTest, CountsTheSharedFilmsAsTheDecoderDoes) {
  SF_SKIP_WITHOUT(SharedFile("footage"));
  SF_SKIP_WITHOUT_FFMPEG();
  for (const fs::path& film : SharedFilms()) ExpectIndexAsProbed(film);
}

struct MadeFilm {
  const char* name;
  const char* arguments;
};

class MadeFilmIndexTest : public testing::TestWithParam<MadeFilm> {};

TEST_P(MadeFilmIndexTest, CountsFramesAsTheDecoderDoes) {
  SF_SKIP_WITHOUT_FFMPEG();
  const TestFolder folder;
  const fs::path film = folder / GetParam().name;
  ASSERT_TRUE(Ffmpeg(std::string(GetParam().arguments) + " " + film.string()));
  ExpectIndexAsProbed(film);
}

#define SOURCE "-f lavfi -i testsrc2=s=192x128:r=25:d=3 "
INSTANTIATE_TEST_SUITE_P(
    Films, MadeFilmIndexTest,
    testing::Values(
        MadeFilm{"open_gop.mp4", SOURCE "-c:v libx264 -g 12 -bf 3 -x264-params open-gop=1"},
        MadeFilm{"open_gop.ts", SOURCE "-c:v libx264 -g 12 -bf 3 -x264-params open-gop=1"},
        MadeFilm{"open_gop_hevc.mkv",
                 SOURCE "-c:v libx265 -x265-params log-level=none:open-gop=1:keyint=12:bframes=3"},
        MadeFilm{"mpeg2.ts", SOURCE "-c:v mpeg2video -g 12 -bf 2"},
        MadeFilm{"mpeg2.mpg", SOURCE "-c:v mpeg2video -g 12 -bf 2"},
        MadeFilm{"vp9.webm", SOURCE "-c:v libvpx-vp9 -b:v 200k -auto-alt-ref 1 -lag-in-frames 16 "
                                    "-g 20 -deadline realtime -cpu-used 8"},
        MadeFilm{"vp8.webm",
                 SOURCE "-c:v libvpx -b:v 200k -auto-alt-ref 1 -lag-in-frames 16 -g 20"},
        MadeFilm{"prores.mov", SOURCE "-c:v prores_ks"},
        MadeFilm{"ffv1.mkv", SOURCE "-c:v ffv1 -g 10"},
        MadeFilm{"mjpeg.avi", SOURCE "-c:v mjpeg -strict unofficial"},
        MadeFilm{"delayed.mkv", SOURCE "-c:v libx264 -output_ts_offset 1.5"},
        MadeFilm{"delayed.mp4", SOURCE "-c:v libx264 -bf 2 -output_ts_offset 1.5"},
        MadeFilm{"vfr.mp4", SOURCE "-vf select='not(mod(n\\,3))+not(mod(n\\,7))' -vsync vfr "
                                   "-c:v libx264 -bf 2"},
        MadeFilm{"interlaced.ts", SOURCE "-c:v libx264 -flags +ildct+ilme -x264-params tff=1"},
        MadeFilm{"interlaced_mpeg2.ts", SOURCE "-c:v mpeg2video -flags +ildct+ilme -top 1 -bf 2"},
        MadeFilm{"gif.gif", "-f lavfi -i testsrc2=s=96x64:r=10:d=1"},
        MadeFilm{"av1.mkv", SOURCE "-frames:v 20 -c:v libsvtav1 -preset 12 -g 10"}),
    [](const testing::TestParamInfo<MadeFilm>& info) {
      std::string name = info.param.name;
      std::replace(name.begin(), name.end(), '.', '_');
      return name;
    });

}  // namespace
}  // namespace stereofarm
