#include "common/media/frame_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <memory>

#include "common/base/random.h"
#include "tests/support/test_data.h"
#include "tests/unit/media/film_maker.h"
#include "tests/unit/media/made_films.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

std::shared_ptr<const FrameIndex> IndexOf(const fs::path& film) {
  auto index = BuildFrameIndex(film);
  EXPECT_TRUE(index.ok()) << index.status();
  return index.ok() ? std::make_shared<const FrameIndex>(std::move(*index)) : nullptr;
}

std::vector<uint64_t> HashesOf(const fs::path& film, const std::shared_ptr<const FrameIndex>& index,
                               FrameRange range, int threads = 1) {
  std::vector<uint64_t> hashes;
  auto reader = FrameReader::Open(film, index, range, threads);
  EXPECT_TRUE(reader.ok()) << reader.status();
  if (!reader.ok()) return hashes;
  while (true) {
    auto frame = (*reader)->Next();
    EXPECT_TRUE(frame.ok()) << frame.status();
    if (!frame.ok() || !frame->has_value()) return hashes;
    const int64_t number = range.begin + static_cast<int64_t>(hashes.size());
    EXPECT_EQ((*frame)->frame, number);
    EXPECT_EQ((*frame)->pts, index->frames[static_cast<size_t>(number)].pts);
    EXPECT_EQ((*frame)->picture.width(), index->video.width);
    EXPECT_EQ((*frame)->picture.height(), index->video.height);
    EXPECT_EQ((*frame)->picture.pixel_format(), index->video.pixel_format);
    hashes.push_back(HashOf((*frame)->picture));
  }
}

void ExpectSameFramesFromAnywhere(const fs::path& film, int ranges) {
  SCOPED_TRACE(film.filename().string());
  const auto index = IndexOf(film);
  ASSERT_NE(index, nullptr);
  const int64_t count = index->frame_count();
  const std::vector<uint64_t> all = HashesOf(film, index, {0, count});
  ASSERT_EQ(static_cast<int64_t>(all.size()), count);
  const uint64_t seed = 7;
  const std::unique_ptr<Random> random = SeededRandom(seed);
  for (int i = 0; i < ranges; ++i) {
    const auto begin = static_cast<int64_t>(random->Next() % static_cast<uint64_t>(count));
    const int64_t end = std::min(count, begin + 1 + static_cast<int64_t>(random->Next() % 9));
    const int threads = 1 + static_cast<int>(random->Next() % 3);
    const std::vector<uint64_t> part = HashesOf(film, index, {begin, end}, threads);
    EXPECT_EQ(part, std::vector<uint64_t>(all.begin() + begin, all.begin() + end))
        << begin << " to " << end << ", " << threads << " threads";
  }
}

TEST(FrameReaderTest, GivesTheSharedFilmsFramesFromAnywhere) {
  SF_SKIP_WITHOUT(SharedFile("footage"));
  for (const fs::path& film : SharedFilms()) ExpectSameFramesFromAnywhere(film, 4);
}

class MadeFilmReaderTest : public testing::TestWithParam<MadeFilm> {};

TEST_P(MadeFilmReaderTest, GivesTheSameFramesFromAnywhere) {
  SF_SKIP_WITHOUT_FFMPEG();
  const TempFolder folder;
  const fs::path film = folder / GetParam().name;
  ASSERT_TRUE(Ffmpeg(std::string(GetParam().arguments) + " " + film.string()));
  ExpectSameFramesFromAnywhere(film, 25);
}

INSTANTIATE_TEST_SUITE_P(Films, MadeFilmReaderTest, testing::ValuesIn(MadeFilms()),
                         [](const auto& info) { return TestNameOf(info.param); });

TEST(FrameReaderTest, DecodesWhatFfmpegDecodes) {
  SF_SKIP_WITHOUT_FFMPEG();
  const TempFolder folder;
  const fs::path film = TestData("sample_film.mp4");
  ASSERT_TRUE(Ffmpeg("-i " + film.string() + " -map 0:v -f rawvideo " + (folder / "raw").string()));
  const auto index = IndexOf(film);
  auto reader = FrameReader::Open(film, index, {0, index->frame_count()});
  ASSERT_TRUE(reader.ok());
  std::ifstream raw(folder / "raw", std::ios::binary);
  while (true) {
    auto frame = (*reader)->Next();
    ASSERT_TRUE(frame.ok());
    if (!frame->has_value()) break;
    for (int i = 0; i < 3; ++i) {
      const Picture::PlaneView plane = (*frame)->picture.plane(i);
      std::string row(static_cast<size_t>(plane.width), '\0');
      for (int y = 0; y < plane.height; ++y) {
        raw.read(row.data(), plane.width);
        ASSERT_EQ(
            row.compare(0, row.size(), reinterpret_cast<const char*>(plane.data + y * plane.stride),
                        row.size()),
            0)
            << "frame " << (*frame)->frame << " plane " << i << " row " << y;
      }
    }
  }
  raw.peek();
  EXPECT_TRUE(raw.eof());
}

TEST(FrameReaderTest, TurnsPicturesUpright) {
  SF_SKIP_WITHOUT_FFMPEG();
  const TempFolder folder;
  const fs::path flat = folder / "flat.mp4";
  ASSERT_TRUE(Ffmpeg("-f lavfi -i testsrc2=s=64x48:r=5:d=1 -pix_fmt yuv420p -c:v libx264 -qp 0 " +
                     flat.string()));
  for (const int degrees : {90, 180, 270}) {
    SCOPED_TRACE(degrees);
    const fs::path turned = folder / "turned.mp4";
    ASSERT_TRUE(Ffmpeg("-display_rotation " + std::to_string(-degrees) + " -i " + flat.string() +
                       " -c copy " + turned.string()) ||
                Ffmpeg("-i " + flat.string() + " -c copy -metadata:s:v:0 rotate=" +
                       std::to_string(degrees) + " " + turned.string()));
    const auto index = IndexOf(turned);
    ASSERT_NE(index, nullptr);
    EXPECT_EQ(index->video.width, degrees == 180 ? 64 : 48);
    EXPECT_EQ(index->video.height, degrees == 180 ? 48 : 64);
    ASSERT_NE(index->video.rotation, 0);
    // ffmpeg turns pictures by itself, too.
    const fs::path upright = folder / "upright.mkv";
    ASSERT_TRUE(Ffmpeg("-i " + turned.string() + " -c:v ffv1 " + upright.string()));
    EXPECT_EQ(HashesOf(turned, index, {0, 5}), HashesOf(upright, IndexOf(upright), {0, 5}));
  }
}

TEST(FrameReaderTest, SeesThatTheFilmWasReplaced) {
  const TempFolder folder;
  const fs::path film = folder / "film.mp4";
  fs::copy_file(TestData("sample_film.mp4"), film);
  const auto index = IndexOf(film);
  {
    // The same length, other content.
    std::fstream file(film, std::ios::binary | std::ios::in | std::ios::out);
    const IndexedPacket& packet = index->packets[5];
    file.seekp(packet.position + packet.size / 2);
    file.write("damaged!", 8);
  }
  auto reader = FrameReader::Open(film, index, {0, 30});
  absl::Status status = reader.status();
  while (status.ok()) {
    auto frame = (*reader)->Next();
    status = frame.status();
    if (frame.ok() && !frame->has_value()) break;
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  fs::resize_file(film, fs::file_size(film) - 1);
  EXPECT_EQ(FrameReader::Open(film, index, {0, 30}).status().code(), absl::StatusCode::kDataLoss);
  fs::remove(film);
  EXPECT_EQ(FrameReader::Open(film, index, {0, 30}).status().code(), absl::StatusCode::kNotFound);
}

TEST(FrameReaderTest, ADamagedFrameKeepsTheCountRight) {
  const TempFolder folder;
  const fs::path film = folder / "film.mp4";
  fs::copy_file(TestData("sample_film.mp4"), film);
  {
    const auto whole = IndexOf(film);
    std::fstream file(film, std::ios::binary | std::ios::in | std::ios::out);
    for (const size_t number : {5, 6, 40}) {
      const IndexedPacket& packet = whole->packets[number];
      file.seekp(packet.position);
      file << std::string(static_cast<size_t>(packet.size), '\xff');
    }
  }
  ExpectSameFramesFromAnywhere(film, 20);
}

TEST(FrameReaderTest, RefusesARangeOutsideTheFilm) {
  const auto index = IndexOf(TestData("sample_film.mp4"));
  EXPECT_EQ(FrameReader::Open(TestData("sample_film.mp4"), index, {100, 103}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace stereofarm
