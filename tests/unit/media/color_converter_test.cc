#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>

#include "common/base/random.h"
#include "common/media/picture.h"
#include "tests/unit/media/film_maker.h"

namespace stereofarm {
namespace {

int Sample(const Picture& picture, int plane, int x, int y) {
  const Picture::PlaneView view = picture.plane(plane);
  const uint8_t* row = view.data + y * view.stride;
  return picture.bytes_per_sample() == 1 ? row[x] : reinterpret_cast<const uint16_t*>(row)[x];
}

void SetSample(Picture* picture, int plane, int x, int y, int value) {
  const ptrdiff_t stride = picture->plane(plane).stride;
  uint8_t* row = picture->mutable_plane(plane) + y * stride;
  if (picture->bytes_per_sample() == 1) {
    row[x] = static_cast<uint8_t>(value);
  } else {
    reinterpret_cast<uint16_t*>(row)[x] = static_cast<uint16_t>(value);
  }
}

Picture Filled(const std::string& format, int width, int height, int a, int b, int c) {
  Picture picture = *Picture::Create(format, width, height);
  const int values[] = {a, b, c};
  for (int i = 0; i < picture.plane_count(); ++i) {
    for (int y = 0; y < picture.plane(i).height; ++y) {
      for (int x = 0; x < picture.plane(i).width; ++x) SetSample(&picture, i, x, y, values[i]);
    }
  }
  return picture;
}

int LargestDifference(const Picture& a, const Picture& b) {
  EXPECT_EQ(a.pixel_format(), b.pixel_format());
  EXPECT_EQ(a.width(), b.width());
  EXPECT_EQ(a.height(), b.height());
  int largest = 0;
  for (int i = 0; i < a.plane_count(); ++i) {
    for (int y = 0; y < a.plane(i).height; ++y) {
      for (int x = 0; x < a.plane(i).width; ++x) {
        largest = std::max(largest, std::abs(Sample(a, i, x, y) - Sample(b, i, x, y)));
      }
    }
  }
  return largest;
}

ColorInfo Color(const char* matrix, const char* range) {
  ColorInfo color;
  color.matrix = matrix;
  color.range = range;
  return color;
}

#if !defined(__SANITIZE_ADDRESS__)
TEST(PictureTest, MemoryIsGivenOutAgain) {
  const uint8_t* first = nullptr;
  {
    Picture picture = Picture::Create("yuv420p", 1001, 777).value();
    first = picture.plane(0).data;
    for (int i = 0; i < 3; ++i) {
      const Picture::PlaneView plane = picture.plane(i);
      EXPECT_EQ(plane.stride % 64, 0);
      EXPECT_EQ(reinterpret_cast<uintptr_t>(plane.data) % 64, 0u);
      std::fill_n(picture.mutable_plane(i), plane.stride * plane.height, uint8_t{7});
    }
    const Picture second = Picture::Create("yuv420p", 1001, 777).value();
    EXPECT_NE(second.plane(0).data, first);
  }
  // What both left lies side by side, and begins with the first.
  EXPECT_EQ(Picture::Create("yuv420p", 1001, 777).value().plane(0).data, first);
}
#endif

TEST(ColorConverterTest, KnowsBlackWhiteAndThePrimariesOfBt709) {
  ColorConverter converter(Color("bt709", "tv"));
  struct Case {
    int y, u, v;
    float r, g, b;
  };
  // ITU-R BT.709-6, 3.4 and 3.5.
  for (const Case& c :
       {Case{16, 128, 128, 0, 0, 0}, Case{235, 128, 128, 1, 1, 1}, Case{63, 102, 240, 1, 0, 0},
        Case{173, 42, 26, 0, 1, 0}, Case{32, 240, 118, 0, 0, 1}}) {
    const Image rgb = *converter.ToRgb(Filled("yuv420p", 64, 48, c.y, c.u, c.v), 64, 48);
    EXPECT_NEAR(rgb.Row(0, 20)[30], c.r, 0.01);
    EXPECT_NEAR(rgb.Row(1, 20)[30], c.g, 0.01);
    EXPECT_NEAR(rgb.Row(2, 20)[30], c.b, 0.01);
  }
}

TEST(ColorConverterTest, TakesTheMatrixFromTheHeightWhereNothingIsSaid) {
  ColorConverter unknown((ColorInfo()));
  ColorConverter bt709(Color("bt709", "tv"));
  ColorConverter bt601(Color("smpte170m", "tv"));
  const auto green = [](ColorConverter& converter, int height) {
    return converter.ToRgb(Filled("yuv444p", 32, height, 100, 90, 160), 32, height)->Row(1, 5)[5];
  };
  EXPECT_EQ(green(unknown, 720), green(bt709, 720));
  EXPECT_EQ(green(unknown, 576), green(bt601, 576));
  EXPECT_NE(green(bt601, 576), green(bt709, 576));
}

TEST(ColorConverterTest, GoesToRgbAndBackWithinOneCodeValue) {
  for (const char* format : {"yuv444p", "yuv444p10le", "yuv444p12le", "gbrp", "gbrp10le"}) {
    for (const char* matrix : {"bt709", "smpte170m", "bt2020nc", "unknown"}) {
      for (const char* range : {"tv", "pc"}) {
        for (const auto& [width, height] : {std::pair(64, 48), std::pair(37, 21)}) {
          SCOPED_TRACE(std::string(format) + " " + matrix + " " + range);
          ColorConverter converter(Color(matrix, range));
          Picture picture = TestPicture(format, width, height, 3);
          // Every value there is, legal or not.
          const std::unique_ptr<Random> random = SeededRandom(5);
          const int values = picture.bytes_per_sample() == 1                       ? 256
                             : std::string(format).find("12") != std::string::npos ? 4096
                                                                                   : 1024;
          for (int i = 0; i < 3; ++i) {
            for (int x = 0; x < width; ++x) {
              SetSample(&picture, i, x, 7,
                        static_cast<int>(random->Next() % static_cast<uint64_t>(values)));
            }
          }
          const auto rgb = converter.ToRgb(picture, width, height);
          ASSERT_TRUE(rgb.ok()) << rgb.status();
          const auto back = converter.FromRgb(*rgb, format);
          ASSERT_TRUE(back.ok()) << back.status();
          EXPECT_LE(LargestDifference(picture, *back), 1);
        }
      }
    }
  }
}

TEST(ColorConverterTest, ConvertsEverySubsamplingAndOddSizes) {
  for (const char* format :
       {"yuv420p", "yuv422p", "yuv411p", "yuv440p", "yuv410p", "gray", "gray10le", "gray16le",
        "yuv420p10le", "yuv422p12le", "yuv420p16le", "gbrp14le", "yuv420p9le"}) {
    for (const auto& [width, height] :
         {std::pair(64, 48), std::pair(63, 47), std::pair(33, 48), std::pair(64, 31)}) {
      SCOPED_TRACE(std::string(format) + " " + std::to_string(width));
      ColorConverter converter(Color("bt709", "tv"));
      // Constant chroma survives every subsampling.
      Picture picture = TestPicture(format, width, height, 1);
      for (int i = 1; i < picture.plane_count(); ++i) {
        for (int y = 0; y < picture.plane(i).height; ++y) {
          for (int x = 0; x < picture.plane(i).width; ++x) {
            SetSample(&picture, i, x, y, Sample(picture, i, 3, 3));
          }
        }
      }
      const auto rgb = converter.ToRgb(picture, width, height);
      ASSERT_TRUE(rgb.ok()) << rgb.status();
      const auto back = converter.FromRgb(*rgb, format);
      ASSERT_TRUE(back.ok()) << back.status();
      // Float has 24 bits: one step of 16 may be lost.
      EXPECT_LE(LargestDifference(picture, *back), 1);
      EXPECT_TRUE(converter.ToRgb(picture, 20, 17).ok());
      EXPECT_TRUE(converter.ToRgb(picture, 130, 99).ok());
    }
  }
}

TEST(ColorConverterTest, ShrinksByAveraging) {
  // Stripes of one sample: anything but averaging gives stripes or black or white.
  Picture stripes = Filled("yuv444p", 256, 64, 16, 128, 128);
  for (int y = 0; y < 64; ++y) {
    for (int x = 0; x < 256; x += 2) SetSample(&stripes, 0, x, y, 235);
  }
  ColorConverter converter(Color("bt709", "tv"));
  const Image small = *converter.ToRgb(stripes, 64, 16);
  for (int x = 4; x < 60; ++x) EXPECT_NEAR(small.Row(1, 8)[x], 0.5, 0.02);
}

TEST(ColorConverterTest, ChangesDepthWithoutTouchingValues) {
  ColorConverter converter(Color("bt709", "tv"));
  const Picture eight = TestPicture("yuv420p", 62, 46, 2);
  const auto ten = converter.ToFormat(eight, "yuv420p10le");
  ASSERT_TRUE(ten.ok()) << ten.status();
  EXPECT_EQ(Sample(*ten, 0, 5, 5), Sample(eight, 0, 5, 5) * 4);
  const auto back = converter.ToFormat(*ten, "yuv420p");
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(LargestDifference(eight, *back), 0);
  const auto odd = converter.ToFormat(TestPicture("yuv420p", 61, 45, 2), "yuv422p10le");
  ASSERT_TRUE(odd.ok()) << odd.status();
  EXPECT_EQ(odd->width(), 61);
  EXPECT_EQ(odd->plane(1).width, 31);
  for (const char* from : {"gray", "gbrp", "yuv422p"}) {
    const auto converted = converter.ToFormat(TestPicture(from, 62, 46, 1), "yuv420p");
    EXPECT_TRUE(converted.ok()) << from << ": " << converted.status();
  }
}

TEST(ColorConverterTest, ResizesToHalfWidthAndHeight) {
  ColorConverter converter((ColorInfo()));
  const Picture picture = TestPicture("yuv420p10le", 128, 72, 1);
  const auto half = converter.Resize(picture, 64, 72);
  ASSERT_TRUE(half.ok()) << half.status();
  EXPECT_EQ(half->width(), 64);
  EXPECT_EQ(half->height(), 72);
  EXPECT_EQ(half->pixel_format(), "yuv420p10le");
  EXPECT_TRUE(converter.Resize(picture, 127, 35).ok());
  EXPECT_EQ(converter.Resize(picture, 0, 35).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ColorConverterTest, IsDeterministic) {
  const Picture picture = TestPicture("yuv420p", 160, 90, 9);
  ColorConverter a(Color("bt709", "tv"));
  ColorConverter b(Color("bt709", "tv"));
  EXPECT_TRUE(b.ToRgb(picture, 31, 17).ok());
  EXPECT_EQ(HashOf(*a.FromRgb(*a.ToRgb(picture, 160, 90), "yuv420p")),
            HashOf(*b.FromRgb(*b.ToRgb(picture, 160, 90), "yuv420p")));
}

TEST(PictureTest, CopiesIntoALargerOne) {
  Picture target = Filled("yuv420p", 64, 32, 16, 128, 128);
  const Picture part = TestPicture("yuv420p", 32, 32, 4);
  ASSERT_TRUE(CopyInto(part, 32, 0, &target).ok());
  EXPECT_EQ(Sample(target, 0, 32, 5), Sample(part, 0, 0, 5));
  EXPECT_EQ(Sample(target, 1, 16, 5), Sample(part, 1, 0, 5));
  EXPECT_EQ(Sample(target, 0, 31, 5), 16);
  EXPECT_EQ(CopyInto(part, 33, 0, &target).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CopyInto(part, 31, 0, &target).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CopyInto(TestPicture("yuv444p", 8, 8, 1), 0, 0, &target).code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(PictureTest, RefusesFormatsThatAreNotPlanar) {
  for (const char* format : {"nv12", "rgb24", "yuyv422", "pal8", "nonsense", "vaapi"}) {
    EXPECT_EQ(Picture::Create(format, 16, 16).status().code(), absl::StatusCode::kInvalidArgument)
        << format;
  }
  EXPECT_EQ(Picture::Create("yuv420p", 0, 16).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace stereofarm
