#include "common/media/film_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"
#include "common/media/frame_reader.h"
#include "tests/support/test_data.h"
#include "tests/unit/media/film_maker.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

// Encodes a film's frames as they are, in segments of `frames_each`.
std::vector<fs::path> EncodeSegments(const fs::path& source,
                                     const std::shared_ptr<const FrameIndex>& index,
                                     FrameRange range, const EncoderSettings& settings,
                                     StereoPacking packing, int64_t frames_each,
                                     const TestFolder& folder) {
  std::vector<fs::path> segments;
  EncodedVideo video;
  video.width = index->video.width;
  video.height = index->video.height;
  video.frame_rate = index->video.average_frame_rate;
  video.color = index->video.color;
  video.packing = packing;
  ColorConverter converter(video.color);
  const absl::StatusOr<std::string> format =
      EncoderPixelFormat(settings, index->video.pixel_format);
  EXPECT_TRUE(format.ok()) << format.status();
  for (int64_t begin = range.begin; begin < range.end; begin += frames_each) {
    const FrameRange part{begin, std::min(begin + frames_each, range.end)};
    segments.push_back(folder /
                       absl::StrFormat("%06d.%s", begin, SegmentExtension(settings.codec)));
    auto writer = SegmentWriter::Create(segments.back(), video, settings, source);
    EXPECT_TRUE(writer.ok()) << writer.status();
    auto reader = FrameReader::Open(source, index, part);
    EXPECT_TRUE(reader.ok()) << reader.status();
    while (true) {
      auto frame = (*reader)->Next();
      EXPECT_TRUE(frame.ok()) << frame.status();
      if (!frame.ok() || !frame->has_value()) break;
      const auto picture = converter.ToFormat((*frame)->picture, *format);
      EXPECT_TRUE(picture.ok()) << picture.status();
      const absl::Status added = (*writer)->Add(*picture);
      EXPECT_TRUE(added.ok()) << added;
    }
    const absl::Status finished = (*writer)->Finish();
    EXPECT_TRUE(finished.ok()) << finished;
    EXPECT_EQ(*CheckSegment(segments.back()), part.size());
  }
  return segments;
}

struct Converted {
  FilmResult result;
  FrameIndex source;
  FrameIndex film;
  MediaInfo info;
};

Converted Convert(const fs::path& source, const fs::path& output, const TestFolder& folder,
                  StereoPacking packing = StereoPacking::kSideBySide, Rational sar = Rational{1, 1},
                  FrameRange range = {0, -1}, EncoderSettings settings = {}) {
  auto index = BuildFrameIndex(source);
  EXPECT_TRUE(index.ok()) << index.status();
  auto shared = std::make_shared<const FrameIndex>(std::move(*index));
  if (range.end < 0) range.end = shared->frame_count();
  if (settings.codec == "libx264") settings.options["preset"] = "ultrafast";
  settings.options["bf"] = "2";
  FilmPlan plan;
  plan.source = source;
  plan.output = output;
  plan.segments = EncodeSegments(source, shared, range, settings, packing, 31, folder);
  plan.range = range;
  plan.packing = packing;
  plan.sample_aspect_ratio = sar;
  plan.fingerprint = "a-fingerprint";
  auto result = WriteFilm(plan, *shared, [](double) { return true; });
  EXPECT_TRUE(result.ok()) << result.status();
  Converted converted;
  if (!result.ok()) return converted;
  converted.result = *result;
  converted.source = *shared;
  converted.film = *BuildFrameIndex(output);
  converted.info = *Probe(output);
  EXPECT_EQ(*ReadFilmFingerprint(output), "a-fingerprint");
  return converted;
}

int CountTracks(const MediaInfo& info, const std::string& type) {
  return static_cast<int>(std::count_if(info.streams.begin(), info.streams.end(),
                                        [&](const StreamInfo& s) { return s.type == type; }));
}

TEST(FilmWriterTest, KeepsEveryTrackOfTheSampleFilmInMatroska) {
  const TestFolder folder;
  const Converted film = Convert(TestData("sample_film.mp4"), folder / "film.mkv", folder);
  EXPECT_EQ(film.film.frame_count(), 102);
  EXPECT_EQ(CountTracks(film.info, "audio"), 2);
  EXPECT_EQ(CountTracks(film.info, "subtitle"), 1);
  EXPECT_EQ(film.info.chapters, 3);
  EXPECT_THAT(film.result.remarks, testing::ElementsAre(testing::HasSubstr("converted to subrip")));
}

TEST(FilmWriterTest, KeepsEveryTrackOfTheSampleFilmInMp4) {
  const TestFolder folder;
  const Converted film = Convert(TestData("sample_film.mp4"), folder / "film.mp4", folder);
  EXPECT_EQ(film.film.frame_count(), 102);
  EXPECT_EQ(CountTracks(film.info, "audio"), 2);
  EXPECT_EQ(CountTracks(film.info, "subtitle"), 1);
  EXPECT_EQ(film.info.chapters, 3);
  EXPECT_THAT(film.result.remarks, testing::IsEmpty());
}

}  // namespace
}  // namespace stereofarm
