#include "common/media/frame_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "common/media/frame_index_io.h"
#include "tests/support/test_data.h"
#include "tests/unit/media/film_maker.h"
#include "tests/unit/media/made_films.h"

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
  std::vector<int64_t> probed = ProbedPts(film);
  std::vector<int64_t> pts = PtsOf(*index);
  ASSERT_EQ(pts.size(), probed.size());
  // Where packets have no PTS at all, the decoder's are late by its delay; the index begins at 0.
  const bool untimed = std::none_of(index->packets.begin(), index->packets.end(),
                                    [](const IndexedPacket& p) { return p.pts != kNoTimestamp; });
  if (untimed && !probed.empty() && probed.front() != kNoTimestamp) {
    const int64_t late = probed.front() - pts.front();
    for (int64_t& time : probed) {
      if (time != kNoTimestamp) time -= late;
    }
  }
  // The decoder gives no time to some last frames; the index does.
  for (size_t i = 0; i < pts.size(); ++i) {
    if (probed[i] == kNoTimestamp) pts[i] = kNoTimestamp;
    if (i > 0) {
      EXPECT_GT(index->frames[i].pts, index->frames[i - 1].pts);
    }
  }
  EXPECT_EQ(pts, probed);
}

TEST(FrameIndexTest, CountsTheSharedFilmsAsTheDecoderDoes) {
  SF_SKIP_WITHOUT(SharedFile("footage"));
  SF_SKIP_WITHOUT_FFMPEG();
  for (const fs::path& film : SharedFilms()) ExpectIndexAsProbed(film);
}

class MadeFilmIndexTest : public testing::TestWithParam<MadeFilm> {};

TEST_P(MadeFilmIndexTest, CountsFramesAsTheDecoderDoes) {
  SF_SKIP_WITHOUT_FFMPEG();
  const TempFolder folder;
  const fs::path film = folder / GetParam().name;
  ASSERT_TRUE(Ffmpeg(std::string(GetParam().arguments) + " " + film.string()));
  ExpectIndexAsProbed(film);
}

INSTANTIATE_TEST_SUITE_P(Films, MadeFilmIndexTest, testing::ValuesIn(MadeFilms()),
                         [](const auto& info) { return TestNameOf(info.param); });

}  // namespace
}  // namespace stereofarm
