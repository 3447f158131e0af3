#include "common/media/media_info.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <memory>

#include "common/base/random.h"
#include "common/media/frame_index_io.h"
#include "common/media/frame_reader.h"
#include "tests/support/test_data.h"
#include "tests/unit/media/film_maker.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

void Write(const fs::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

void ExpectRefused(const fs::path& film, absl::StatusCode code, const std::string& words) {
  const absl::Status status = Probe(film).status();
  EXPECT_EQ(status.code(), code) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(words));
  EXPECT_THAT(std::string(status.message()), HasSubstr(film.filename().string()));
  EXPECT_EQ(BuildFrameIndex(film).status().code(), code);
}

TEST(MediaInfoTest, TellsWhatIsInTheSampleFilm) {
  const auto info = Probe(TestData("sample_film.mp4"));
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->video.codec, "h264");
  EXPECT_EQ(info->video.width, 960);
  EXPECT_EQ(info->video.height, 540);
  EXPECT_EQ(info->video.pixel_format, "yuv420p");
  EXPECT_EQ(info->video.average_frame_rate, (Rational{24, 1}));
  EXPECT_EQ(info->video.sample_aspect_ratio, (Rational{1, 1}));
  EXPECT_FALSE(info->video.interlaced);
  EXPECT_EQ(info->chapters, 3);
  EXPECT_NEAR(info->duration_seconds, 4.25, 0.1);
  int audio = 0;
  for (const StreamInfo& stream : info->streams) audio += stream.type == "audio" ? 1 : 0;
  EXPECT_EQ(audio, 2);
}

TEST(MediaInfoTest, SeesHdrInterlaceAndPixelShape) {
  SF_SKIP_WITHOUT(SharedFile("footage"));
  const auto hdr = Probe(SharedFile("footage/sample_film_10bit.mkv"));
  ASSERT_TRUE(hdr.ok()) << hdr.status();
  EXPECT_EQ(hdr->video.pixel_format, "yuv420p10le");
  EXPECT_EQ(hdr->video.bits_per_sample, 10);
  EXPECT_EQ(hdr->video.color.primaries, "bt2020");
  EXPECT_EQ(hdr->video.color.transfer, "smpte2084");
  EXPECT_TRUE(hdr->video.color.has_mastering_display);
  EXPECT_TRUE(hdr->video.color.has_content_light_level);
  const auto interlaced = Probe(SharedFile("footage/sample_film_interlaced.ts"));
  ASSERT_TRUE(interlaced.ok());
  EXPECT_TRUE(interlaced->video.interlaced);
  EXPECT_EQ(interlaced->video.field_order, "tt");
  const auto wide = Probe(SharedFile("footage/real/psd_issue-195-aspect-ratio.mp4"));
  ASSERT_TRUE(wide.ok());
  EXPECT_EQ(wide->video.sample_aspect_ratio, (Rational{16, 11}));
}

TEST(MediaInfoTest, RefusesWhatIsNoFilmInOneSentence) {
  const TempFolder folder;
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  ExpectRefused(folder / "missing.mp4", absl::StatusCode::kNotFound, "No such file");
  fs::create_directory(folder / "folder.mp4");
  ExpectRefused(folder / "folder.mp4", kInvalid, "is a folder");
  Write(folder / "empty.mp4", "");
  ExpectRefused(folder / "empty.mp4", kInvalid, "is empty");
  Write(folder / "text.mp4", "This is not a film at all.\nNot in the least.\n");
  ExpectRefused(folder / "text.mp4", kInvalid, "not a film");
  Write(folder / "text.txt", std::string(5000, 'a'));
  ExpectRefused(folder / "text.txt", kInvalid, "not a film");
  Write(folder / "list.m3u8", "#EXTM3U\n#EXTINF:10,\nother.ts\n#EXT-X-ENDLIST\n");
  ExpectRefused(folder / "list.m3u8", kInvalid, "not a film");
  std::string noise;
  const std::unique_ptr<Random> random = SeededRandom(3);
  for (int i = 0; i < 60000; ++i) noise.push_back(static_cast<char>(random->Next()));
  Write(folder / "noise.mp4", noise);
  EXPECT_EQ(Probe(folder / "noise.mp4").status().code(), kInvalid);
  ASSERT_EQ(mkfifo((folder / "pipe.mp4").c_str(), 0600), 0);
  ExpectRefused(folder / "pipe.mp4", kInvalid, "is not a file");
  Write(folder / "locked.mp4", "x");
  ASSERT_EQ(chmod((folder / "locked.mp4").c_str(), 0), 0);
  if (geteuid() != 0) {
    ExpectRefused(folder / "locked.mp4", absl::StatusCode::kPermissionDenied, "Permission");
  }
}

TEST(MediaInfoTest, RefusesFilmsWithoutAPicture) {
  SF_SKIP_WITHOUT_FFMPEG();
  const TempFolder folder;
  ASSERT_TRUE(Ffmpeg("-f lavfi -i sine=d=1 " + (folder / "sound.m4a").string()));
  ExpectRefused(folder / "sound.m4a", absl::StatusCode::kInvalidArgument, "no picture track");
  ASSERT_TRUE(
      Ffmpeg("-f lavfi -i sine=d=1 -f lavfi -i color=s=64x64:d=0.04:r=25 -map 0 -map 1 "
             "-c:v mjpeg -strict unofficial -disposition:v attached_pic " +
             (folder / "cover.mp3").string()));
  ExpectRefused(folder / "cover.mp3", absl::StatusCode::kInvalidArgument, "no picture track");
}

TEST(MediaInfoTest, RefusesTheDamagedSharedFilms) {
  SF_SKIP_WITHOUT(SharedFile("footage"));
  ExpectRefused(SharedFile("footage/garbage.mp4"), absl::StatusCode::kInvalidArgument,
                "not a film");
  ExpectRefused(SharedFile("footage/truncated_nomoov.mp4"), absl::StatusCode::kInvalidArgument,
                "index is missing");
}

TEST(MediaInfoTest, ReadsACutOffFilmAsFarAsItGoes) {
  SF_SKIP_WITHOUT(SharedFile("footage"));
  const auto index = BuildFrameIndex(SharedFile("footage/truncated.mp4"));
  ASSERT_TRUE(index.ok()) << index.status();
  EXPECT_EQ(index->frame_count(), 57);
}

TEST(MediaInfoTest, OpensNamesWithSpecialCharacters) {
  const TempFolder folder;
  const fs::path film = folder / "a:b %03d 'c' ?.mp4";
  fs::copy_file(TestData("sample_film.mp4"), film);
  EXPECT_TRUE(Probe(film).ok()) << Probe(film).status();
}

TEST(FrameIndexIoTest, ReadsWhatItWrote) {
  const auto index = BuildFrameIndex(TestData("sample_film.mp4"));
  ASSERT_TRUE(index.ok()) << index.status();
  const std::string bytes = SerializeFrameIndex(*index);
  const auto read = ParseFrameIndex(bytes);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->frames, index->frames);
  EXPECT_EQ(read->packets, index->packets);
  EXPECT_EQ(read->time_base, index->time_base);
  EXPECT_EQ(read->file_size, index->file_size);
  EXPECT_EQ(read->source_identity, index->source_identity);
  EXPECT_EQ(read->video.pixel_format, index->video.pixel_format);
  EXPECT_EQ(read->video.color.matrix, index->video.color.matrix);
  EXPECT_EQ(SerializeFrameIndex(*read), bytes);
  EXPECT_LT(bytes.size(), index->frames.size() * 40 + 1000);
}

TEST(FrameIndexIoTest, RefusesDamagedBytes) {
  const auto index = BuildFrameIndex(TestData("sample_film.mp4"));
  ASSERT_TRUE(index.ok());
  const std::string bytes = SerializeFrameIndex(*index);
  for (size_t i = 0; i < bytes.size(); i += 37) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    EXPECT_EQ(ParseFrameIndex(damaged).status().code(), absl::StatusCode::kDataLoss);
    EXPECT_EQ(ParseFrameIndex(bytes.substr(0, i)).status().code(), absl::StatusCode::kDataLoss);
  }
}

TEST(FrameIndexTest, StopsWhenAsked) {
  const auto stop = [](double, void*) { return false; };
  EXPECT_EQ(BuildFrameIndex(TestData("sample_film.mp4"), stop).status().code(),
            absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace stereofarm
