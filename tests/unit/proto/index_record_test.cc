#include "proto/index_record.h"

#include <gtest/gtest.h>

#include "common/base/file_system.h"
#include "tests/support/temp_folder.h"

namespace stereofarm {
namespace {

// Every field away from its default.
FrameIndex Everything() {
  FrameIndex index;
  index.video.stream_index = 2;
  index.video.codec = "h264";
  index.video.width = 720;
  index.video.height = 576;
  index.video.sample_aspect_ratio = {64, 45};
  index.video.rotation = 90;
  index.video.mirrored = true;
  index.video.pixel_format = "yuv420p10le";
  index.video.bits_per_sample = 10;
  index.video.interlaced = true;
  index.video.field_order = "tt";
  index.video.average_frame_rate = {30000, 1001};
  index.video.time_base = {1, 90000};
  index.video.color = {"bt2020", "smpte2084", "bt2020nc", "pc", "topleft", true, true};
  index.time_base = {1, 1000};
  index.frames = {{-40, 40, 1, 2}, {0, 41, 0, 3}};
  index.packets = {{kNoTimestamp, -40, 48, 1000, true, ~uint64_t{0}}, {0, 7, -1, 20, false, 5}};
  index.file_size = int64_t{1} << 40;
  index.source_identity = std::string(64, 'a');
  return index;
}

TEST(IndexRecordTest, EveryFieldComesBack) {
  const TempFolder folder;
  const FrameIndex index = Everything();
  ASSERT_TRUE(WriteFrameIndex(folder / "index.pb", index).ok());
  const absl::StatusOr<FrameIndex> read = ReadFrameIndex(folder / "index.pb");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->frames, index.frames);
  EXPECT_EQ(read->packets, index.packets);
  EXPECT_EQ(read->time_base, index.time_base);
  EXPECT_EQ(read->file_size, index.file_size);
  EXPECT_EQ(read->source_identity, index.source_identity);
  const VideoInfo& video = read->video;
  EXPECT_EQ(video.stream_index, 2);
  EXPECT_EQ(video.codec, "h264");
  EXPECT_EQ(video.width, 720);
  EXPECT_EQ(video.height, 576);
  EXPECT_EQ(video.sample_aspect_ratio, index.video.sample_aspect_ratio);
  EXPECT_EQ(video.rotation, 90);
  EXPECT_TRUE(video.mirrored);
  EXPECT_EQ(video.pixel_format, "yuv420p10le");
  EXPECT_EQ(video.bits_per_sample, 10);
  EXPECT_TRUE(video.interlaced);
  EXPECT_EQ(video.field_order, "tt");
  EXPECT_EQ(video.average_frame_rate, index.video.average_frame_rate);
  EXPECT_EQ(video.time_base, index.video.time_base);
  EXPECT_EQ(video.color.primaries, "bt2020");
  EXPECT_EQ(video.color.transfer, "smpte2084");
  EXPECT_EQ(video.color.matrix, "bt2020nc");
  EXPECT_EQ(video.color.range, "pc");
  EXPECT_EQ(video.color.chroma_location, "topleft");
  EXPECT_TRUE(video.color.has_mastering_display);
  EXPECT_TRUE(video.color.has_content_light_level);
}

TEST(IndexRecordTest, AFileThatIsNotAnIndexIsDataLoss) {
  const TempFolder folder;
  EXPECT_EQ(ReadFrameIndex(folder / "index.pb").status().code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(WriteFileAtomically(folder / "index.pb", "").ok());
  EXPECT_EQ(ReadFrameIndex(folder / "index.pb").status().code(), absl::StatusCode::kDataLoss);
  ASSERT_TRUE(WriteFileAtomically(folder / "index.pb", "no index").ok());
  EXPECT_EQ(ReadFrameIndex(folder / "index.pb").status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace stereofarm
