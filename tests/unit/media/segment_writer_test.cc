#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"
#include "common/media/frame_reader.h"
#include "common/media/segment.h"
#include "tests/unit/media/film_maker.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

EncoderSettings Settings(const std::string& codec) {
  EncoderSettings settings;
  settings.codec = codec;
  if (codec == "libx264" || codec == "libx265") settings.options["preset"] = "superfast";
  if (codec == "mjpeg") settings.options["strict"] = "unofficial";  // for limited range
  return settings;
}

EncodedVideo Video() {
  EncodedVideo video;
  video.width = 256;
  video.height = 128;
  video.frame_rate = {24000, 1001};
  video.color.primaries = video.color.transfer = video.color.matrix = "bt709";
  video.color.range = "tv";
  return video;
}

void WriteSegment(const fs::path& path, const EncoderSettings& settings, const std::string& format,
                  int frames, const EncodedVideo& video = Video()) {
  auto writer = SegmentWriter::Create(path, video, settings, "");
  ASSERT_TRUE(writer.ok()) << writer.status();
  for (int i = 0; i < frames; ++i) {
    const absl::Status added = (*writer)->Add(TestPicture(format, video.width, video.height, i));
    ASSERT_TRUE(added.ok()) << added;
  }
  const absl::Status finished = (*writer)->Finish();
  ASSERT_TRUE(finished.ok()) << finished;
}

struct Encoding {
  const char* codec;
  const char* source_format;
  const char* format;
};

class SegmentCodecTest : public testing::TestWithParam<Encoding> {};

TEST_P(SegmentCodecTest, FrameIHasTimestampIAndEqualInputsGiveEqualBytes) {
  const EncoderSettings settings = Settings(GetParam().codec);
  const auto format = EncoderPixelFormat(settings, GetParam().source_format);
  ASSERT_TRUE(format.ok()) << format.status();
  EXPECT_EQ(*format, GetParam().format);
  const TempFolder folder;
  const fs::path a = folder / ("a." + SegmentExtension(settings.codec));
  const fs::path b = folder / ("b." + SegmentExtension(settings.codec));
  WriteSegment(a, settings, *format, 30);
  WriteSegment(b, settings, *format, 30);
  const auto frames = CheckSegment(a);
  ASSERT_TRUE(frames.ok()) << frames.status();
  EXPECT_EQ(*frames, 30);
  EXPECT_TRUE(*ReadFile(a) == *ReadFile(b));
  const auto index = BuildFrameIndex(a);
  ASSERT_TRUE(index.ok()) << index.status();
  for (int i = 0; i < 30; ++i) EXPECT_EQ(index->frames[static_cast<size_t>(i)].pts, i);
  EXPECT_EQ(index->video.pixel_format, GetParam().format);
}

INSTANTIATE_TEST_SUITE_P(Codecs, SegmentCodecTest,
                         testing::Values(Encoding{"libx264", "yuv420p", "yuv420p"},
                                         Encoding{"libx264", "yuv422p10le", "yuv422p10le"},
                                         Encoding{"libx264", "gbrp", "yuv444p"},
                                         Encoding{"libx264", "yuv420p12le", "yuv420p10le"},
                                         Encoding{"libx265", "yuv420p10le", "yuv420p10le"},
                                         Encoding{"prores", "yuv420p", "yuv422p10le"},
                                         Encoding{"ffv1", "yuv420p", "yuv420p"},
                                         Encoding{"ffv1", "gbrp10le", "gbrp10le"},
                                         Encoding{"libvpx-vp9", "yuv420p", "yuv420p"},
                                         Encoding{"mpeg2video", "yuv420p", "yuv420p"},
                                         Encoding{"mjpeg", "yuv420p", "yuv420p"}),
                         [](const auto& info) {
                           std::string name =
                               std::string(info.param.codec) + "_" + info.param.source_format;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(SegmentWriterTest, IsLosslessWithFfv1) {
  const TempFolder folder;
  for (const char* format : {"yuv420p", "yuv422p10le", "yuv444p16le", "gray", "gbrp10le"}) {
    SCOPED_TRACE(format);
    const fs::path path = folder / (std::string(format) + ".mkv");
    WriteSegment(path, Settings("ffv1"), format, 5);
    const auto index = std::make_shared<const FrameIndex>(*BuildFrameIndex(path));
    auto reader = FrameReader::Open(path, index, {0, 5});
    ASSERT_TRUE(reader.ok()) << reader.status();
    for (int i = 0; i < 5; ++i) {
      auto frame = (*reader)->Next();
      ASSERT_TRUE(frame.ok() && frame->has_value());
      EXPECT_EQ(HashOf((*frame)->picture), HashOf(TestPicture(format, 256, 128, i)));
    }
  }
}

TEST(SegmentWriterTest, SignalsPackingInTheCodedStream) {
  SF_SKIP_WITHOUT_FFMPEG();
  const TempFolder folder;
  EncodedVideo video = Video();
  for (const StereoPacking packing :
       {StereoPacking::kSideBySide, StereoPacking::kTopBottom, StereoPacking::kNone}) {
    video.packing = packing;
    WriteSegment(folder / "a.mov", Settings("libx264"), "yuv420p", 3, video);
    const auto text = Output("ffprobe -v quiet -show_frames " + (folder / "a.mov").string());
    ASSERT_TRUE(text.has_value());
    if (packing == StereoPacking::kNone) {
      EXPECT_THAT(*text, testing::Not(HasSubstr("Stereo 3D")));
    } else {
      EXPECT_THAT(*text, HasSubstr("Stereo 3D"));
    }
  }
}

TEST(SegmentWriterTest, LeavesNothingWithoutFinish) {
  const TempFolder folder;
  const fs::path path = folder / "a.mov";
  {
    auto writer = SegmentWriter::Create(path, Video(), Settings("libx264"), "");
    ASSERT_TRUE(writer.ok());
    ASSERT_TRUE((*writer)->Add(TestPicture("yuv420p", 256, 128, 0)).ok());
  }
  EXPECT_FALSE(fs::exists(path));
  {
    auto writer = SegmentWriter::Create(path, Video(), Settings("libx264"), "");
    ASSERT_TRUE(writer.ok());
    EXPECT_EQ((*writer)->Finish().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ((*writer)->Add(TestPicture("yuv420p", 128, 128, 0)).code(),
              absl::StatusCode::kInvalidArgument);
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST(SegmentWriterTest, FindsDamagedSegments) {
  const TempFolder folder;
  const fs::path path = folder / "a.mov";
  WriteSegment(path, Settings("libx264"), "yuv420p", 20);
  for (const double share : {0.2, 0.6, 0.97}) {
    const fs::path cut = folder / "cut.mov";
    fs::copy_file(path, cut, fs::copy_options::overwrite_existing);
    fs::resize_file(cut, static_cast<uintmax_t>(share * static_cast<double>(fs::file_size(path))));
    EXPECT_EQ(CheckSegment(cut).status().code(), absl::StatusCode::kDataLoss) << share;
  }
  EXPECT_EQ(CheckSegment(folder / "missing.mov").status().code(), absl::StatusCode::kNotFound);
}

TEST(CheckEncoderTest, NamesTheOptionAndWhatThereIs) {
  const auto message = [](const EncoderSettings& settings) {
    const absl::Status status = CheckEncoder(settings);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  EXPECT_THAT(message(Settings("libx266")), HasSubstr("--codec: 'libx266' is not an encoder"));
  EXPECT_THAT(message(Settings("aac")), HasSubstr("does not encode pictures"));
  EncoderSettings settings = Settings("libx264");
  settings.options["presett"] = "fast";
  EXPECT_THAT(message(settings), HasSubstr("no option 'presett'"));
  settings = Settings("libx264");
  settings.options["preset"] = "no-such-preset";
  EXPECT_THAT(message(settings), HasSubstr("libx264 refuses"));
  settings = Settings("libx264");
  settings.pixel_format = "rgb24";
  EXPECT_THAT(message(settings), HasSubstr("--pix-fmt: libx264 does not take 'rgb24'; it takes"));
  settings.pixel_format = "nonsense";
  EXPECT_THAT(message(settings), HasSubstr("--pix-fmt: 'nonsense' is not a pixel format"));
  settings = Settings("libx264");
  settings.crf = 99;
  EXPECT_THAT(message(settings), HasSubstr("--crf"));
  settings = Settings("libx264");
  settings.options["threads"] = "4";
  EXPECT_THAT(message(settings), HasSubstr("--set: 'threads'"));
  for (const char* codec : {"libx264", "libx265", "prores", "prores_ks", "ffv1", "libvpx-vp9"}) {
    EXPECT_TRUE(CheckEncoder(Settings(codec)).ok()) << CheckEncoder(Settings(codec));
  }
}

}  // namespace
}  // namespace stereofarm
