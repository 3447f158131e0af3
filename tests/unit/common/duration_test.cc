#include "common/base/duration.h"

#include <gtest/gtest.h>

namespace stereofarm {
namespace {

TEST(DurationTest, UnitsAreMillisecondsToHours) {
  EXPECT_EQ(*ParseDuration("500ms"), 500'000);
  EXPECT_EQ(*ParseDuration("30s"), 30'000'000);
  EXPECT_EQ(*ParseDuration("2m"), 120'000'000);
  EXPECT_EQ(*ParseDuration("1.5h"), 5'400'000'000);
}

TEST(DurationTest, NonsenseIsRefusedWithExamples) {
  for (const char* text : {"", "s", "5", "5 s", "-1s", "0s", "nans", "infs", "1e99h", "2sm"}) {
    const absl::StatusOr<int64_t> duration = ParseDuration(text);
    EXPECT_EQ(duration.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_NE(std::string(duration.status().message()).find("30s"), std::string::npos);
  }
}

}  // namespace
}  // namespace stereofarm
