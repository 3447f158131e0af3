#include "common/media/film_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
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
                                     const TempFolder& folder) {
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

Converted Convert(const fs::path& source, const fs::path& output, const TempFolder& folder,
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
  const TempFolder folder;
  const Converted film = Convert(TestData("sample_film.mp4"), folder / "film.mkv", folder);
  EXPECT_EQ(film.film.frame_count(), 102);
  EXPECT_EQ(CountTracks(film.info, "audio"), 2);
  EXPECT_EQ(CountTracks(film.info, "subtitle"), 1);
  EXPECT_EQ(film.info.chapters, 3);
  EXPECT_THAT(film.result.remarks, testing::ElementsAre(testing::HasSubstr("converted to subrip")));
}

TEST(FilmWriterTest, KeepsEveryTrackOfTheSampleFilmInMp4) {
  const TempFolder folder;
  const Converted film = Convert(TestData("sample_film.mp4"), folder / "film.mp4", folder);
  EXPECT_EQ(film.film.frame_count(), 102);
  EXPECT_EQ(CountTracks(film.info, "audio"), 2);
  EXPECT_EQ(CountTracks(film.info, "subtitle"), 1);
  EXPECT_EQ(film.info.chapters, 3);
  EXPECT_THAT(film.result.remarks, testing::IsEmpty());
}

// What ffprobe says of the picture track.
std::string ProbedVideo(const fs::path& film, const std::string& entries) {
  const auto text = Output("ffprobe -v quiet -select_streams v:0 -show_entries " + entries +
                           " -of default=nw=1:nk=1 '" + film.string() + "'");
  return text.value_or("ffprobe failed");
}

// Times of both, from each one's first frame on or as they are, in seconds.
void ExpectSameTimes(const Converted& film, double tolerance) {
  ASSERT_EQ(film.film.frame_count(), film.source.frame_count());
  for (int64_t i = 0; i < film.film.frame_count(); ++i) {
    EXPECT_NEAR(film.film.SecondsOf(i), film.source.SecondsOf(i), tolerance) << "frame " << i;
  }
}

constexpr double kExact = 1e-9;
constexpr double kHalfMillisecond = 0.0005 + 1e-9;

TEST(FilmWriterTest, SignalsPackingAndPixelShapeInMatroska) {
  SF_SKIP_WITHOUT_FFMPEG();
  struct Case {
    StereoPacking packing;
    Rational sar;
    const char* mode;
  };
  for (const Case& c : {Case{StereoPacking::kSideBySide, {1, 1}, "left_right"},
                        Case{StereoPacking::kSideBySide, {2, 1}, "left_right"},
                        Case{StereoPacking::kTopBottom, {1, 1}, "top_bottom"},
                        Case{StereoPacking::kTopBottom, {1, 2}, "top_bottom"},
                        Case{StereoPacking::kNone, {16, 11}, ""}}) {
    const TempFolder folder;
    const fs::path output = folder / "film.mkv";
    Convert(TestData("sample_film.mp4"), output, folder, c.packing, c.sar, {0, 20});
    EXPECT_THAT(ProbedVideo(output, "stream_tags=stereo_mode"), testing::HasSubstr(c.mode));
    EXPECT_EQ(ProbedVideo(output, "stream=sample_aspect_ratio"),
              absl::StrFormat("%d:%d\n", c.sar.num, c.sar.den));
  }
}

TEST(FilmWriterTest, SignalsPackingAndPixelShapeInMp4) {
  SF_SKIP_WITHOUT_FFMPEG();
  struct Case {
    StereoPacking packing;
    Rational sar;
    const char* mode;
  };
  for (const Case& c : {Case{StereoPacking::kSideBySide, {2, 1}, "side by side"},
                        Case{StereoPacking::kTopBottom, {1, 2}, "top and bottom"}}) {
    const TempFolder folder;
    const fs::path output = folder / "film.mp4";
    Convert(TestData("sample_film.mp4"), output, folder, c.packing, c.sar, {0, 20});
    EXPECT_THAT(ProbedVideo(output, "stream_side_data=type"), testing::HasSubstr(c.mode));
    EXPECT_EQ(ProbedVideo(output, "stream=sample_aspect_ratio"),
              absl::StrFormat("%d:%d\n", c.sar.num, c.sar.den));
  }
}

TEST(FilmWriterTest, KeepsADelayedStartAndVariableTimes) {
  SF_SKIP_WITHOUT(SharedFile("footage"));
  for (const char* source : {"footage/real/psd_delayed_start.mp4", "footage/sample_film_vfr.mkv"}) {
    for (const char* name : {"film.mkv", "film.mp4", "film.mov"}) {
      SCOPED_TRACE(std::string(source) + " " + name);
      const TempFolder folder;
      const Converted film = Convert(SharedFile(source), folder / name, folder);
      ExpectSameTimes(film, name == std::string("film.mkv") ? kHalfMillisecond : kExact);
    }
  }
}

TEST(FilmWriterTest, KeepsTimesOfATransportStream) {
  SF_SKIP_WITHOUT(SharedFile("footage"));
  for (const char* name : {"film.mkv", "film.mp4"}) {
    const TempFolder folder;
    const Converted film =
        Convert(SharedFile("footage/sample_film_interlaced.ts"), folder / name, folder);
    ExpectSameTimes(film, name == std::string("film.mkv") ? kHalfMillisecond : kExact);
    EXPECT_EQ(CountTracks(film.info, "audio"), 1);
  }
}

TEST(FilmWriterTest, KeepsHdrMetadata) {
  SF_SKIP_WITHOUT(SharedFile("footage"));
  SF_SKIP_WITHOUT_FFMPEG();
  for (const char* codec : {"libx265", "libx264", "prores"}) {
    for (const char* name : {"film.mkv", "film.mp4"}) {
      if (codec == std::string("prores") && name == std::string("film.mp4")) continue;
      SCOPED_TRACE(std::string(codec) + " " + name);
      const TempFolder folder;
      EncoderSettings settings;
      settings.codec = codec;
      if (codec == std::string("libx265")) settings.options["preset"] = "ultrafast";
      const fs::path source = SharedFile("footage/sample_film_10bit.mkv");
      const Converted film =
          Convert(source, folder / name, folder, StereoPacking::kNone, {1, 1}, {0, 12}, settings);
      EXPECT_EQ(film.info.video.color.primaries, "bt2020");
      EXPECT_EQ(film.info.video.color.transfer, "smpte2084");
      EXPECT_TRUE(film.info.video.color.has_mastering_display);
      EXPECT_TRUE(film.info.video.color.has_content_light_level);
      EXPECT_THAT(ProbedVideo(folder / name, "stream_side_data=max_content,max_average"),
                  testing::HasSubstr("1000\n400"));
    }
  }
}

TEST(FilmWriterTest, KeepsEveryPixelOfALosslessCodec) {
  const TempFolder folder;
  EncoderSettings settings;
  settings.codec = "ffv1";
  const fs::path source = TestData("sample_film.mp4");
  for (const char* name : {"film.mkv"}) {
    const Converted film =
        Convert(source, folder / name, folder, StereoPacking::kNone, {1, 1}, {0, 70}, settings);
    const auto film_index = std::make_shared<const FrameIndex>(film.film);
    const auto source_index = std::make_shared<const FrameIndex>(film.source);
    auto a = FrameReader::Open(source, source_index, {0, 70});
    auto b = FrameReader::Open(folder / name, film_index, {0, 70});
    ASSERT_TRUE(a.ok() && b.ok());
    for (int i = 0; i < 70; ++i) {
      EXPECT_EQ(HashOf((**(*a)->Next()).picture), HashOf((**(*b)->Next()).picture)) << i;
    }
  }
}

TEST(FilmWriterTest, TrimsTracksAndChaptersToAPart) {
  SF_SKIP_WITHOUT_FFMPEG();
  for (const char* name : {"film.mkv", "film.mp4"}) {
    SCOPED_TRACE(name);
    const TempFolder folder;
    const Converted film = Convert(TestData("sample_film.mp4"), folder / name, folder,
                                   StereoPacking::kSideBySide, {1, 1}, {40, 80});
    EXPECT_EQ(film.film.frame_count(), 40);
    EXPECT_EQ(film.film.frames.front().pts, 0);
    EXPECT_EQ(film.info.chapters, 2);  // that of frame 36 on, and that of frame 66 on
    EXPECT_EQ(CountTracks(film.info, "audio"), 2);
    // 40 frames are 1.667 s; audio packets 21 ms each.
    for (const char* track : {"a:0", "a:1"}) {
      const auto times =
          Output(absl::StrFormat("ffprobe -v quiet -select_streams %s -show_entries "
                                 "packet=pts_time -of csv=p=0 %s",
                                 track, (folder / name).string()));
      ASSERT_TRUE(times.has_value());
      EXPECT_NEAR(std::strtod(times->c_str(), nullptr), 0, 0.025);
      const size_t last = times->rfind('\n', times->size() - 2);
      EXPECT_NEAR(std::strtod(times->c_str() + last + 1, nullptr), 1.66, 0.03);
    }
  }
}

TEST(FilmWriterTest, ConvertsOrLeavesOutWhatTheContainerCannotHold) {
  SF_SKIP_WITHOUT_FFMPEG();
  const TempFolder folder;
  std::ofstream(folder / "text.srt") << "1\n00:00:00,500 --> 00:00:01,500\nHello\n\n"
                                        "2\n00:00:02,000 --> 00:00:02,800\n<i>World</i>\n";
  std::ofstream(folder / "font.ttf") << "no font";
  const fs::path source = folder / "source.mkv";
  ASSERT_TRUE(Ffmpeg("-f lavfi -i testsrc2=s=64x48:r=25:d=3 -f lavfi -i sine=r=44100:d=3 -i " +
                     (folder / "text.srt").string() +
                     " -map 0 -map 1 -map 1 -map 2 -c:v libx264 -c:a:0 pcm_s16le -c:a:1 libopus "
                     "-c:s srt -metadata title=Film -metadata DIRECTOR=Somebody "
                     "-metadata:s:a:0 language=fra -metadata:s:s:0 language=deu -disposition:s:0 "
                     "default -attach " +
                     (folder / "font.ttf").string() +
                     " -metadata:s:t mimetype=application/x-truetype-font " + source.string()));
  const Converted mp4 = Convert(source, folder / "film.mp4", folder);
  EXPECT_THAT(mp4.result.remarks,
              testing::UnorderedElementsAre(
                  testing::HasSubstr("pcm_s16le, fra) is converted to aac"),
                  testing::HasSubstr("converted to mov_text"), testing::HasSubstr("left out")));
  EXPECT_EQ(CountTracks(mp4.info, "audio"), 2);
  EXPECT_EQ(mp4.info.tags.at("title"), "Film");
  EXPECT_EQ(mp4.info.tags.at("DIRECTOR"), "Somebody");
  bool french = false;
  for (const StreamInfo& stream : mp4.info.streams) french = french || stream.language == "fra";
  EXPECT_TRUE(french);
  const auto text = [](const fs::path& film) {
    return Output("ffmpeg -v error -copyts -i " + film.string() + " -f srt -");
  };
  EXPECT_EQ(text(folder / "film.mp4"), text(source));
  EXPECT_THAT(*text(source), testing::HasSubstr("<i>World</i>"));

  const Converted mkv = Convert(source, folder / "film.mkv", folder);
  EXPECT_THAT(mkv.result.remarks, testing::IsEmpty());
  EXPECT_EQ(CountTracks(mkv.info, "attachment"), 1);
  // And back: what MP4 made of it goes into Matroska again.
  const Converted again = Convert(folder / "film.mp4", folder / "again.mkv", folder);
  EXPECT_THAT(again.result.remarks, testing::ElementsAre(testing::HasSubstr("to subrip")));
}

TEST(FilmWriterTest, CopiesAudioBitForBit) {
  SF_SKIP_WITHOUT_FFMPEG();
  const fs::path source = TestData("sample_film.mp4");
  for (const char* name : {"film.mkv", "film.mp4", "film.mov"}) {
    const TempFolder folder;
    Convert(source, folder / name, folder);
    for (const char* track : {"0:a:0", "0:a:1"}) {
      const auto md5 = [&](const fs::path& film) {
        return Output(absl::StrFormat("ffmpeg -v error -i %s -map %s -c copy -f md5 -",
                                      film.string(), track));
      };
      EXPECT_EQ(md5(folder / name), md5(source)) << name << " " << track;
    }
  }
}

TEST(FilmWriterTest, KeepsCoverArt) {
  SF_SKIP_WITHOUT_FFMPEG();
  const TempFolder folder;
  const fs::path source = folder / "source.mp4";
  ASSERT_TRUE(
      Ffmpeg("-f lavfi -i testsrc2=s=64x48:r=25:d=1 -f lavfi -i color=s=32x32:d=0.04:r=25 "
             "-map 0 -map 1 -c:v:0 libx264 -c:v:1 png -frames:v:1 1 -disposition:v:1 "
             "attached_pic " +
             source.string()));
  for (const char* name : {"film.mkv", "film.mp4"}) {
    const Converted film = Convert(source, folder / name, folder);
    EXPECT_THAT(film.result.remarks, testing::IsEmpty());
    EXPECT_EQ(CountTracks(film.info, "video"), 2) << name;
  }
}

TEST(FilmWriterTest, GivesTheSameBytesForTheSameInput) {
  for (const char* name : {"film.mkv", "film.mp4", "film.mov"}) {
    const TempFolder a;
    const TempFolder b;
    Convert(TestData("sample_film.mp4"), a / name, a);
    Convert(TestData("sample_film.mp4"), b / name, b);
    EXPECT_TRUE(*ReadFile(a / name) == *ReadFile(b / name)) << name;
  }
}

TEST(FilmWriterTest, StopsWhenAskedAndLeavesNothing) {
  const TempFolder folder;
  const fs::path source = TestData("sample_film.mp4");
  const auto index = std::make_shared<const FrameIndex>(*BuildFrameIndex(source));
  EncoderSettings settings;
  settings.options["preset"] = "ultrafast";
  FilmPlan plan;
  plan.source = source;
  plan.output = folder / "film.mkv";
  plan.segments =
      EncodeSegments(source, index, {0, 102}, settings, StereoPacking::kNone, 60, folder);
  plan.range = {0, 102};
  EXPECT_EQ(WriteFilm(plan, *index, [](double) { return false; }).status().code(),
            absl::StatusCode::kCancelled);
  EXPECT_FALSE(fs::exists(plan.output));
  plan.range = {0, 100};
  EXPECT_EQ(WriteFilm(plan, *index, nullptr).status().code(), absl::StatusCode::kInvalidArgument);
  plan.range = {0, 102};
  fs::resize_file(plan.segments[1], fs::file_size(plan.segments[1]) / 2);
  EXPECT_EQ(WriteFilm(plan, *index, nullptr).status().code(), absl::StatusCode::kDataLoss);
}

TEST(FilmWriterTest, ChecksTheContainer) {
  EXPECT_TRUE(CheckContainer("film.mkv", "libx264").ok());
  EXPECT_TRUE(CheckContainer("film.mov", "prores").ok());
  for (const char* name : {"film", "film.txt", "film.wav", "film.xyz"}) {
    EXPECT_EQ(CheckContainer(name, "libx264").code(), absl::StatusCode::kInvalidArgument) << name;
  }
  EXPECT_EQ(CheckContainer("film.webm", "libx264").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CheckContainer("film.mov", "libvpx-vp9").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CheckContainer("film.mov", "ffv1").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CheckContainer("film.mp4", "prores").code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace stereofarm
