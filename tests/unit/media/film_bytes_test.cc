// Films that are read from bytes which lie elsewhere.
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "common/base/file_system.h"
#include "common/base/regular_file.h"
#include "common/media/frame_index.h"
#include "common/media/frame_reader.h"
#include "common/media/source_file.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_data.h"
#include "tests/unit/media/film_maker.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

// A file's bytes, as long as they come.
class FaultyBytes : public ByteSource {
 public:
  explicit FaultyBytes(const fs::path& path) : file_(*RegularFile::Open(path)) {}
  int64_t size() const override { return file_->size(); }
  absl::StatusOr<size_t> ReadAt(int64_t offset, char* to, size_t count) override {
    ++reads;
    if (reads > reads_until_fault) return absl::UnavailableError("the line is cut");
    return file_->ReadAt(offset, to, count);
  }
  int reads = 0;
  int reads_until_fault = 1 << 30;

 private:
  const std::unique_ptr<RegularFile> file_;
};

std::vector<uint64_t> HashesOf(const FilmFile& film, std::shared_ptr<const FrameIndex> index,
                               FrameRange range) {
  std::vector<uint64_t> hashes;
  auto reader = FrameReader::Open(film, std::move(index), range);
  EXPECT_TRUE(reader.ok()) << reader.status();
  while (reader.ok()) {
    auto frame = (*reader)->Next();
    EXPECT_TRUE(frame.ok()) << frame.status();
    if (!frame.ok() || !frame->has_value()) break;
    hashes.push_back(HashOf((*frame)->picture));
  }
  return hashes;
}

class FilmBytesTest : public ::testing::Test {
 protected:
  FilmBytesTest() {
    auto index = BuildFrameIndex(film_);
    EXPECT_TRUE(index.ok()) << index.status();
    if (index.ok()) index_ = std::make_shared<const FrameIndex>(*std::move(index));
  }

  const fs::path film_ = TestData("sample_film.mp4");
  std::shared_ptr<const FrameIndex> index_;
};

TEST_F(FilmBytesTest, FramesAreTheSameFromBytesAsFromTheFile) {
  for (const FrameRange range : {FrameRange{0, 3}, FrameRange{50, 54}, FrameRange{99, 102}}) {
    const auto bytes = std::make_shared<FaultyBytes>(film_);
    const FilmFile film("no/such/place/" + film_.filename().string(), bytes);
    EXPECT_EQ(HashesOf(film, index_, range), HashesOf(film_, index_, range));
    EXPECT_GT(bytes->reads, 0);
  }
}

TEST_F(FilmBytesTest, AFaultOfTheBytesIsNoFaultOfTheFilm) {
  const auto count_reads = [&] {
    const auto bytes = std::make_shared<FaultyBytes>(film_);
    HashesOf({film_, bytes}, index_, {60, 64});
    return bytes->reads;
  };
  const int reads = count_reads();
  ASSERT_GT(reads, 2);
  for (int fault = 0; fault < reads; ++fault) {
    const auto bytes = std::make_shared<FaultyBytes>(film_);
    bytes->reads_until_fault = fault;
    auto reader = FrameReader::Open({film_, bytes}, index_, {60, 64});
    absl::Status status = reader.status();
    while (status.ok()) {
      const auto frame = (*reader)->Next();
      status = frame.status();
      ASSERT_TRUE(!frame.ok() || frame->has_value()) << "the fault was swallowed";
    }
    EXPECT_EQ(status, absl::UnavailableError("the line is cut")) << "fault after read " << fault;
  }
}

TEST_F(FilmBytesTest, WhatIsNotAFilmIsRefusedFromBytesToo) {
  const TempFolder folder;
  const fs::path list = folder / "list.m3u8";
  ASSERT_TRUE(WriteFileAtomically(list, "#EXTM3U\n#EXTINF:1,\n/etc/passwd\n").ok());
  const auto opened = OpenSource({list, std::make_shared<FaultyBytes>(list)});
  EXPECT_EQ(opened.status().code(), absl::StatusCode::kInvalidArgument) << opened.status();
}

}  // namespace
}  // namespace stereofarm
