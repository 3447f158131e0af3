#include "common/exr/exr.h"

#include <gtest/gtest.h>

#include <limits>

#include "common/base/file_system.h"
#include "common/exr/gray_png.h"
#include "common/image/half.h"
#include "tests/support/temp_folder.h"

namespace stereofarm {
namespace {

Image Ramp(int width, int height, int channels) {
  Image image(width, height, channels);
  for (int c = 0; c < channels; ++c) {
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        image.Row(c, y)[x] = static_cast<float>(c + 1) / 3.0f + static_cast<float>(x * y) / 1000.0f;
      }
    }
  }
  QuantizeToHalf(image);
  return image;
}

TEST(ExrTest, HalvesComeBackExactlyInTheirChannels) {
  const TempFolder folder;
  const Image image = Ramp(33, 17, 5);
  const std::vector<std::string> channels = {"right.R", "right.G", "right.B", "right.A", "right.D"};
  for (const ExrPixels form : {ExrPixels::kHalf, ExrPixels::kFastHalf, ExrPixels::kFloat}) {
    ASSERT_TRUE(WriteExr(folder / "a.exr", image, channels, {{"model", "parallax/1"}}, form).ok());
    const ExrImage read = ReadExr(folder / "a.exr").value();
    EXPECT_EQ(read.attributes.at("model"), "parallax/1");
    ASSERT_EQ(read.channels.size(), channels.size());
    for (int c = 0; c < 5; ++c) {
      const auto found =
          std::find(read.channels.begin(), read.channels.end(), channels[static_cast<size_t>(c)]);
      ASSERT_NE(found, read.channels.end());
      const int plane = static_cast<int>(found - read.channels.begin());
      for (int y = 0; y < 17; ++y) {
        for (int x = 0; x < 33; ++x) {
          ASSERT_EQ(read.image.Row(plane, y)[x], image.Row(c, y)[x]) << c << " " << x << " " << y;
        }
      }
    }
  }
}

TEST(ExrTest, FloatsComeBackAsTheyWere) {
  const TempFolder folder;
  Image image(3, 1, 1);
  image.Row(0, 0)[0] = 1.0f / 3;
  image.Row(0, 0)[1] = 1e-30f;
  image.Row(0, 0)[2] = 1e6f;
  ASSERT_TRUE(WriteExr(folder / "a.exr", image, {"Z"}, {}, ExrPixels::kFloat).ok());
  const ExrImage read = ReadExr(folder / "a.exr").value();
  for (int x = 0; x < 3; ++x) EXPECT_EQ(read.image.Row(0, 0)[x], image.Row(0, 0)[x]);
}

TEST(GrayPngTest, Has16BitsAndSaysWhatItHolds) {
  const TempFolder folder;
  const Image image = Ramp(40, 20, 1);
  ASSERT_TRUE(WriteGrayPng(folder / "a.png", image, {{"stereofarm:frame", "7"}}).ok());
  ASSERT_TRUE(WriteGrayPng(folder / "b.png", image, {{"stereofarm:frame", "7"}}).ok());
  const std::string bytes = ReadFile(folder / "a.png").value();
  EXPECT_EQ(bytes, ReadFile(folder / "b.png").value());
  // The header: 40 x 20, 16 bits, grey.
  EXPECT_EQ(bytes.substr(12, 14), std::string("IHDR\0\0\0\x28\0\0\0\x14\x10\0", 14));
  EXPECT_NE(bytes.find(std::string("stereofarm:frame\0"
                                   "7",
                                   18)),
            std::string::npos);
}

TEST(GrayPngTest, LeavesNothingBehindWhereItCantWrite) {
  const TempFolder folder;
  EXPECT_FALSE(WriteGrayPng(folder / "none" / "a.png", Ramp(8, 8, 1), {}).ok());
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(ExrTest, SameInputGivesSameBytes) {
  const TempFolder folder;
  const Image image = Ramp(64, 40, 1);
  ASSERT_TRUE(WriteExr(folder / "a.exr", image, {"D"}, {{"frame", "7"}}).ok());
  ASSERT_TRUE(WriteExr(folder / "b.exr", image, {"D"}, {{"frame", "7"}}).ok());
  const std::string bytes = ReadFile(folder / "a.exr").value();
  EXPECT_EQ(bytes, ReadFile(folder / "b.exr").value());
  // Nor does it depend on the time.
  EXPECT_NE(bytes.find("capDate"), std::string::npos);
  EXPECT_NE(bytes.find("1970:01:01 00:00:00"), std::string::npos);
}

TEST(ExrTest, PixelsThatAreNoNumbersAreRefused) {
  const TempFolder folder;
  Image image = Ramp(8, 8, 1);
  image.Row(0, 3)[4] = std::numeric_limits<float>::quiet_NaN();
  const absl::Status status = WriteExr(folder / "a.exr", image, {"D"}, {});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(std::filesystem::exists(folder / "a.exr"));
}

TEST(ExrTest, DamagedFilesAreDataLoss) {
  const TempFolder folder;
  ASSERT_TRUE(WriteExr(folder / "a.exr", Ramp(64, 64, 1), {"D"}, {}).ok());
  const std::string bytes = ReadFile(folder / "a.exr").value();
  for (const std::string& damaged : {std::string(), std::string("text"), bytes.substr(0, 100),
                                     bytes.substr(0, bytes.size() / 2)}) {
    ASSERT_TRUE(WriteFileAtomically(folder / "b.exr", damaged).ok());
    EXPECT_EQ(ReadExr(folder / "b.exr").status().code(), absl::StatusCode::kDataLoss)
        << damaged.size();
  }
  EXPECT_EQ(ReadExr(folder / "none.exr").status().code(), absl::StatusCode::kNotFound);
}

TEST(ExrTest, UnwritableFolderIsAnError) {
  const TempFolder folder;
  EXPECT_FALSE(WriteExr(folder / "none" / "a.exr", Ramp(8, 8, 1), {"D"}, {}).ok());
}

}  // namespace
}  // namespace stereofarm
