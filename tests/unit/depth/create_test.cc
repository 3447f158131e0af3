#include "models/depth/create.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stereofarm {
namespace {

TEST(CreateDepthEstimatorTest, KnowsParallax) {
  const auto estimator = CreateDepthEstimator("parallax", "cpu");
  ASSERT_TRUE(estimator.ok());
  EXPECT_EQ((*estimator)->Id(), "parallax/3");
}

TEST(CreateDepthEstimatorTest, NamesWhatIsKnown) {
  for (const char* name : {"", "paralax", "torchscript:", "torchscript"}) {
    const absl::Status status = CreateDepthEstimator(name, "cpu").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr("torchscript:FILE")) << name;
  }
}

TEST(CreateDepthEstimatorTest, OnlyNetworksThatAreKnownHaveAnotherType) {
  for (const char* name : {"depth-anything-v2+float8:/m.pth", "torchscript+bfloat16:/m.pt"}) {
    const absl::Status status = CreateDepthEstimator(name, "cpu").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr("+bfloat16")) << name;
  }
  EXPECT_EQ(
      CreateDepthEstimator("depth-anything-v2+bfloat16:/no+such:file.pth", "cpu").status().code(),
      absl::StatusCode::kNotFound);
}

TEST(CreateDepthEstimatorTest, NamesAMissingFile) {
  const absl::Status status = CreateDepthEstimator("torchscript:/no/such.pt", "cpu").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("/no/such.pt"));
}

}  // namespace
}  // namespace stereofarm
