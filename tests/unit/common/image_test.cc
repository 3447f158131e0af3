#include "common/image/image.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace stereofarm {
namespace {

TEST(ImageTest, RowsAreAligned) {
  Image image(1001, 7, 3);
  for (int c = 0; c < 3; ++c) {
    for (int y = 0; y < 7; ++y) EXPECT_EQ(reinterpret_cast<uintptr_t>(image.Row(c, y)) % 64, 0u);
  }
}

TEST(ImageTest, ClonesAreEqualAndApart) {
  Image image(5, 4, 1);
  image.Fill(2);
  Image copy = image.Clone();
  image.Fill(3);
  EXPECT_EQ(copy.Row(0, 3)[4], 2);
  const Image moved = std::move(copy);
  EXPECT_EQ(moved.Row(0, 3)[4], 2);
}

#if !defined(__SANITIZE_ADDRESS__)
TEST(ImageMemoryTest, PixelsOfAnEndedImageServeTheNextOfItsSize) {
  auto image = std::make_unique<Image>(640, 360, 3);
  const float* const pixels = image->Plane(0);
  image.reset();
  EXPECT_EQ(Image(640, 360, 3).Plane(0), pixels);
}
#endif

#if !defined(__SANITIZE_ADDRESS__)
TEST(ImageMemoryTest, KeepsWhatWasInUseAtOnce) {
  DropKeptImageMemory();
  constexpr size_t kBytes = size_t{8} << 20;
  std::vector<Image> images;
  for (int i = 0; i < 60; ++i) images.emplace_back(2048, 1024, 1);
  images.clear();
  EXPECT_GE(KeptImageMemory(), 60 * kBytes);
  const size_t kept = KeptImageMemory();
  // Others of another size are cut from it; the whole grows by no more than the spare.
  for (int i = 0; i < 40; ++i) images.emplace_back(4096, 512 + 16, 1);
  EXPECT_LE(KeptImageMemory() + 40 * kBytes * 33 / 32, kept + (size_t{8} << 20));
  EXPECT_GE(KeptImageMemory() + 40 * kBytes * 33 / 32, kept);
  images.clear();
  DropKeptImageMemory();
  EXPECT_EQ(KeptImageMemory(), 0u);
}

#if !defined(__SANITIZE_THREAD__)  // which has addresses of its own
TEST(ImageMemoryDeathTest, ServesUnderALimitOnAddresses) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");  // with an arena of its own
  const auto run = [] {
    rlimit limit{};
    limit.rlim_cur = limit.rlim_max = size_t{1} << 30;
    setrlimit(RLIMIT_AS, &limit);
    for (int i = 0; i < 40; ++i) Image(2048, 1024, 4).Fill(1);
    std::exit(KeptImageMemory() > 0 ? 0 : 1);
  };
  EXPECT_EXIT(run(), testing::ExitedWithCode(0), "");
}
#endif

TEST(ImageMemoryTest, ALargePiecesMemoryServesSmallOnes) {
  DropKeptImageMemory();
  auto large = std::make_unique<Image>(2048, 1024, 1);
  const float* const begin = large->Plane(0);
  const float* const end = begin + 2048 * 1024;
  large.reset();
  std::vector<Image> small;
  for (int i = 0; i < 8; ++i) {
    small.emplace_back(512, 512, 1);
    EXPECT_GE(small.back().Plane(0), begin);
    EXPECT_LT(small.back().Plane(0), end);
  }
}
#endif

TEST(ImageMemoryTest, ThreadsMayMakeAndDropImagesAtOnce) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 200; ++i) {
        Image image(512, 128 + i % 3, 2);
        image.Row(1, 127)[511] = static_cast<float>(t);
        ASSERT_EQ(image.Row(1, 127)[511], static_cast<float>(t));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace stereofarm
