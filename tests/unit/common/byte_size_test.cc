#include "common/base/byte_size.h"

#include <gtest/gtest.h>

namespace stereofarm {
namespace {

TEST(ByteSizeTest, SizesAreReadInPowersOfThousand) {
  EXPECT_EQ(ParseBytes("0").value(), 0);
  EXPECT_EQ(ParseBytes("500M").value(), 500'000'000);
  EXPECT_EQ(ParseBytes("1.5G").value(), 1'500'000'000);
}

TEST(ByteSizeTest, NonsenseIsRefusedWithExamples) {
  for (const char* text : {"", "M", "5", "-1G", "2GB", "nanG", "infG", "1e9T", "2 G"}) {
    const absl::Status status = ParseBytes(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_NE(std::string(status.message()).find("500M"), std::string::npos);
  }
}

TEST(ByteSizeTest, TextIsShort) {
  EXPECT_EQ(BytesText(999), "999 bytes");
  EXPECT_EQ(BytesText(3400), "3.4 kB");
  EXPECT_EQ(BytesText(999'600), "1.0 MB");
  EXPECT_EQ(BytesText(25'000'000'000), "25 GB");
}

}  // namespace
}  // namespace stereofarm
