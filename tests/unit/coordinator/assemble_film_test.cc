#include "coordinator/assembly/assemble_film.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"
#include "common/base/log.h"
#include "common/exr/exr.h"
#include "common/farm/packing.h"
#include "common/media/film_writer.h"
#include "common/media/frame_index_io.h"
#include "common/media/media_info.h"
#include "common/media/segment.h"
#include "coordinator/assembly/depth_folder.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_data.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

bool GoOn(double) { return true; }

// Ten frames of the sample film as an order of two segments, half side by side.
class AssembleFilmTest : public ::testing::Test {
 protected:
  AssembleFilmTest() {
    SetMinimumLogLevel(LogLevel::kError);
    const fs::path source = TestData("sample_film.mp4");
    auto index = BuildFrameIndex(source);
    SF_CHECK(index.ok());
    order_.job = "job";
    order_.settings.input = source.string();
    order_.settings.outputs = {{Layout::kHalfSbs, (folder_ / "out.mkv").string()}};
    order_.settings.encoder_options = {{"preset", "ultrafast"}};
    order_.index_bytes = SerializeFrameIndex(*index);
    order_.range = {20, 30};
    order_.fingerprint = "fingerprint";
    order_.segments.resize(1);
    const PackedSize packed = PackingOf(Layout::kHalfSbs, index->video.width, index->video.height,
                                        index->video.sample_aspect_ratio);
    EncodedVideo video;
    video.width = packed.width;
    video.height = packed.height;
    video.sample_aspect_ratio = packed.sample_aspect_ratio;
    video.packing = StereoPacking::kSideBySide;
    EncoderSettings settings;
    settings.options = order_.settings.encoder_options;
    for (int part = 0; part < 2; ++part) {
      const fs::path file = folder_ / absl::StrFormat("segment.%d.mov", part);
      auto writer = SegmentWriter::Create(file, video, settings, source);
      SF_CHECK(writer.ok());
      for (int i = 0; i < 5; ++i) {
        Picture picture = *Picture::Create("yuv420p", video.width, video.height);
        for (int plane = 0; plane < 3; ++plane) {
          const Picture::PlaneView view = picture.plane(plane);
          for (int y = 0; y < view.height; ++y) {
            std::fill_n(picture.mutable_plane(plane) + y * view.stride, view.width,
                        static_cast<uint8_t>(40 + 10 * i));
          }
        }
        SF_CHECK((*writer)->Add(picture).ok());
      }
      SF_CHECK((*writer)->Finish().ok());
      order_.segments[0].push_back(file);
    }
  }

  fs::path output() const { return order_.settings.outputs[0].file; }
  // Nothing of a film that wasn't finished.
  bool NoLeftOvers() const {
    for (const auto& entry : fs::directory_iterator(folder_.path())) {
      if (entry.path().filename().string().starts_with(".")) return false;
    }
    return true;
  }

  TempFolder folder_;
  FilmOrder order_;
};

TEST_F(AssembleFilmTest, FilmAppearsWholeWithItsFingerprint) {
  const auto remarks = AssembleFilm(order_, GoOn);
  ASSERT_TRUE(remarks.ok()) << remarks.status();
  EXPECT_EQ(*ReadFilmFingerprint(output()), "fingerprint");
  const auto info = Probe(output());
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->video.sample_aspect_ratio, (Rational{2, 1}));
  EXPECT_EQ(BuildFrameIndex(output())->frame_count(), 10);
  EXPECT_TRUE(NoLeftOvers());
}

TEST_F(AssembleFilmTest, SomebodysFileIsLeftAlone) {
  ASSERT_TRUE(WriteFileAtomically(output(), "mine").ok());
  EXPECT_EQ(AssembleFilm(order_, GoOn).status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(*ReadFile(output()), "mine");
  order_.replace = true;
  ASSERT_TRUE(AssembleFilm(order_, GoOn).ok());
  EXPECT_EQ(*ReadFilmFingerprint(output()), "fingerprint");
}

TEST_F(AssembleFilmTest, FinishedFilmOfThisJobIsNotWrittenAgain) {
  ASSERT_TRUE(AssembleFilm(order_, GoOn).ok());
  const auto written = fs::last_write_time(output());
  ASSERT_TRUE(AssembleFilm(order_, GoOn).ok());
  EXPECT_EQ(fs::last_write_time(output()), written);
}

TEST_F(AssembleFilmTest, StoppedAssemblyLeavesNothing) {
  const auto stopped = AssembleFilm(order_, [](double) { return false; });
  EXPECT_EQ(stopped.status().code(), absl::StatusCode::kCancelled);
  EXPECT_FALSE(fs::exists(output()));
  EXPECT_TRUE(NoLeftOvers());
}

TEST_F(AssembleFilmTest, MissingSegmentLeavesNothing) {
  fs::remove(order_.segments[0][1]);
  EXPECT_FALSE(AssembleFilm(order_, GoOn).ok());
  EXPECT_FALSE(fs::exists(output()));
  EXPECT_TRUE(NoLeftOvers());
}

class DepthFolderTest : public ::testing::Test {
 protected:
  void Write(const std::string& name, int width, int height,
             const std::map<std::string, std::string>& attributes = {}) {
    Image image(width, height, 1);
    for (int y = 0; y < height; ++y) std::fill_n(image.Row(0, y), width, 1.0f);
    const absl::Status status = WriteExr(folder_ / name, image, {"Z"}, attributes);
    ASSERT_TRUE(status.ok()) << status;
  }
  TempFolder folder_;
};

TEST_F(DepthFolderTest, OneOfTheRightSizeForEveryFrameIsFine) {
  Write("a.0001.exr", 8, 4);
  Write("a.0002.exr", 8, 4);
  EXPECT_TRUE(CheckDepthFolder(folder_.path(), 2, {0, 2}, 8, 4).ok());
}

TEST_F(DepthFolderTest, OtherNumberIsNamedWithWhatWasExpected) {
  Write("a.0001.exr", 8, 4);
  const absl::Status status = CheckDepthFolder(folder_.path(), 2, {0, 2}, 8, 4);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  const std::string message(status.message());
  EXPECT_NE(message.find(folder_.path().string()), std::string::npos) << message;
  EXPECT_NE(message.find("1 EXR files"), std::string::npos) << message;
  EXPECT_NE(message.find("2 frames"), std::string::npos) << message;
}

TEST_F(DepthFolderTest, OneForEveryFrameOfTheRangeIsFineToo) {
  Write("a.0001.exr", 8, 4);
  Write("a.0002.exr", 8, 4);
  EXPECT_TRUE(CheckDepthFolder(folder_.path(), 9, {4, 6}, 8, 4).ok());
  const absl::Status status = CheckDepthFolder(folder_.path(), 9, {4, 7}, 8, 4);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(std::string(status.message()).find("9 frames"), std::string::npos) << status;
  EXPECT_NE(std::string(status.message()).find("the 3 of --range"), std::string::npos) << status;
}

TEST_F(DepthFolderTest, AnExportIsKnownByItsFirstFile) {
  EXPECT_FALSE(HoldsExport(folder_.path()).value());
  Write("a.0001.exr", 8, 4);
  EXPECT_FALSE(HoldsExport(folder_.path()).value());
  for (const char* values : {kReconciledDepth, kReconciledMetres}) {
    Write("a.0001.exr", 8, 4, {{kDepthValues, values}});
    EXPECT_TRUE(HoldsExport(folder_.path()).value());
  }
}

TEST_F(DepthFolderTest, OtherSizeIsNamed) {
  Write("a.0001.exr", 8, 4);
  Write("a.0002.exr", 8, 5);
  const absl::Status status = CheckDepthFolder(folder_.path(), 2, {0, 2}, 8, 4);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(std::string(status.message()).find("a.0002.exr is 8 x 5"), std::string::npos);
}

TEST_F(DepthFolderTest, AnExportOfDepthIsNoMetres) {
  EXPECT_TRUE(CheckMetres(folder_.path()).ok());
  Write("a.0001.exr", 8, 4);
  EXPECT_TRUE(CheckMetres(folder_.path()).ok());
  Write("a.0001.exr", 8, 4, {{kDepthValues, kReconciledMetres}});
  EXPECT_TRUE(CheckMetres(folder_.path()).ok());
  Write("a.0001.exr", 8, 4, {{kDepthValues, kReconciledDepth}});
  const absl::Status status = CheckMetres(folder_.path());
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(std::string(status.message()).find("--rig needs metres"), std::string::npos);
}

TEST_F(DepthFolderTest, MissingFolderIsNamed) {
  EXPECT_EQ(CheckDepthFolder(folder_ / "none", 2, {0, 2}, 8, 4).code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace stereofarm
