#include "common/exr/exr.h"

#include <OpenEXR/ImfChannelList.h>
#include <OpenEXR/ImfFloatAttribute.h>
#include <OpenEXR/ImfFrameBuffer.h>
#include <OpenEXR/ImfHeader.h>
#include <OpenEXR/ImfIntAttribute.h>
#include <OpenEXR/ImfOutputFile.h>
#include <OpenEXR/ImfTiledOutputFile.h>
#include <OpenImageIO/imageio.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <vector>

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

TEST(GrayPngTest, OtherProgramsReadItsPixels) {
  const TempFolder folder;
  Image image(37, 11, 1);
  const auto value = [](int x, int y) { return (x * 1777 + y * y * 977) % 65536; };
  for (int y = 0; y < 11; ++y) {
    for (int x = 0; x < 37; ++x) image.Row(0, y)[x] = static_cast<float>(value(x, y)) / 65535.0f;
  }
  image.Row(0, 0)[0] = -1;
  image.Row(0, 0)[1] = 2;
  ASSERT_TRUE(WriteGrayPng(folder / "a.png", image, {{"a", "b"}}).ok());
  const auto input = OIIO::ImageInput::open((folder / "a.png").string());
  ASSERT_NE(input, nullptr);
  std::vector<uint16_t> read(37 * 11);
  ASSERT_TRUE(input->read_image(0, 0, 0, 1, OIIO::TypeDesc::UINT16, read.data()));
  EXPECT_EQ(read[0], 0);
  EXPECT_EQ(read[1], 65535);
  for (size_t i = 2; i < read.size(); ++i) {
    ASSERT_EQ(read[i], value(static_cast<int>(i % 37), static_cast<int>(i / 37))) << i;
  }
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
  // Nor does it name the time.
  EXPECT_EQ(bytes.find("capDate"), std::string::npos);
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

// Whatever a byte is turned into, the file is read or refused.
TEST(ExrTest, NoDamageEndsTheProgram) {
  const TempFolder folder;
  const auto path = folder / "a.exr";
  ASSERT_TRUE(WriteExr(path, Ramp(16, 20, 2), {"Y", "Z"}, {{"note", "text"}}).ok());
  const std::string sound = ReadFile(path).value();
  int refused = 0;
  for (size_t at = 0; at < sound.size(); ++at) {
    std::string bytes = sound;
    bytes[at] = static_cast<char>(bytes[at] ^ (at % 2 == 0 ? 0xff : 1 << (at / 2 % 8)));
    std::ofstream(path, std::ios::binary) << bytes;
    const absl::StatusOr<ExrImage> read = ReadExr(path);
    refused += !read.ok();
    int width = 0, height = 0;
    (void)ReadExrHeader(path, &width, &height).ok();
  }
  EXPECT_GT(refused, 50);
}

TEST(ExrTest, AFullDiskIsToldAndLeavesNothing) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "there's no /dev/full";
  const TempFolder folder;
  for (const ExrPixels form : {ExrPixels::kHalf, ExrPixels::kFastHalf, ExrPixels::kFloat}) {
    std::filesystem::create_symlink("/dev/full", folder / "a.exr");
    EXPECT_EQ(WriteExr(folder / "a.exr", Ramp(64, 64, 3), {"R", "G", "B"}, {}, form).code(),
              absl::StatusCode::kResourceExhausted);
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  }
}

// A window that doesn't begin at 0, whole numbers, tiles.
TEST(ExrTest, OtherProgramsFilesAreRead) {
  const TempFolder folder;
  const Imath::Box2i window({-3, 5}, {8, 24});
  std::vector<uint32_t> number(12 * 20);
  std::vector<float> depth(number.size());
  for (size_t i = 0; i < number.size(); ++i) {
    number[i] = static_cast<uint32_t>(i);
    depth[i] = 0.5f * static_cast<float>(i);
  }
  Imf::Header header(window, window);
  header.channels().insert("Z", Imf::Channel(Imf::FLOAT));
  header.channels().insert("id", Imf::Channel(Imf::UINT));
  header.insert("near", Imf::FloatAttribute(0.25f));
  header.insert("shot", Imf::IntAttribute(12));
  header.setTileDescription(Imf::TileDescription(8, 8));
  Imf::FrameBuffer pixels;
  pixels.insert("Z", Imf::Slice::Make(Imf::FLOAT, depth.data(), window));
  pixels.insert("id", Imf::Slice::Make(Imf::UINT, number.data(), window));
  {
    Imf::TiledOutputFile file((folder / "a.exr").c_str(), header);
    file.setFrameBuffer(pixels);
    file.writeTiles(0, file.numXTiles() - 1, 0, file.numYTiles() - 1);
  }
  const ExrImage read = ReadExr(folder / "a.exr").value();
  EXPECT_EQ(read.channels, (std::vector<std::string>{"Z", "id"}));
  EXPECT_EQ(read.attributes.at("near"), "0.25");
  EXPECT_EQ(read.attributes.at("shot"), "12");
  ASSERT_EQ(read.image.width(), 12);
  ASSERT_EQ(read.image.height(), 20);
  EXPECT_EQ(read.image.Row(0, 0)[1], 0.5f);
  EXPECT_EQ(read.image.Row(0, 19)[11], 0.5f * 239);
  EXPECT_EQ(read.image.Row(1, 19)[11], 239);
  int width = 0, height = 0;
  EXPECT_EQ(ReadExrHeader(folder / "a.exr", &width, &height).value().channels, read.channels);
  EXPECT_EQ(width, 12);
  EXPECT_EQ(height, 20);
}

TEST(ExrTest, ChannelsOfFewerPixelsAreRefused) {
  const TempFolder folder;
  Imf::Header header(8, 8);
  header.channels().insert("Z", Imf::Channel(Imf::FLOAT, 2, 2));
  std::vector<float> depth(16);
  Imf::FrameBuffer pixels;
  pixels.insert("Z", Imf::Slice(Imf::FLOAT, reinterpret_cast<char*>(depth.data()), 4, 16, 2, 2));
  {
    Imf::OutputFile file((folder / "a.exr").c_str(), header);
    file.setFrameBuffer(pixels);
    file.writePixels(8);
  }
  EXPECT_EQ(ReadExr(folder / "a.exr").status().code(), absl::StatusCode::kDataLoss);
}

TEST(ExrTest, UnwritableFolderIsAnError) {
  const TempFolder folder;
  EXPECT_FALSE(WriteExr(folder / "none" / "a.exr", Ramp(8, 8, 1), {"D"}, {}).ok());
}

}  // namespace
}  // namespace stereofarm
