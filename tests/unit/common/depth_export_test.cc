#include "common/farm/depth_export.h"

#include <gtest/gtest.h>

#include <cstring>

namespace stereofarm {
namespace {

TEST(DepthExportTest, FormatsAreReadBackAndOthersRefused) {
  for (int i = 0; i <= static_cast<int>(ExportFormat::kNpz); ++i) {
    const auto format = static_cast<ExportFormat>(i);
    EXPECT_EQ(ParseExportFormat(ExportFormatName(format)).value(), format);
  }
  const absl::Status status = ParseExportFormat("tiff").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(std::string(status.message()).find("--export-depth: 'tiff'"), std::string::npos);
}

TEST(DepthExportTest, FilesAreNamedByTheirFrame) {
  EXPECT_EQ(ExportFileName(ExportFormat::kPng16, 123), "depth.000123.png");
  EXPECT_EQ(ExportPartName(1, ExportFormat::kExrHalf, 7), "export.1.000007.exr");
}

// What makes a film of metres come out of its own export bit for bit.
TEST(DepthExportTest, MetresComeBackFromEveryMantissa) {
  for (const uint32_t exponent : {114u, 127u, 137u}) {  // 1/8192 to 2048 of 1/metre
    for (uint32_t mantissa = 0; mantissa < (1u << 23); ++mantissa) {
      const uint32_t bits = (exponent << 23) | mantissa;
      float inverse = 0;
      std::memcpy(&inverse, &bits, sizeof(inverse));
      const float metres = MetresOf(inverse);
      const float used = InverseOf(metres);
      ASSERT_EQ(MetresOf(used), metres) << inverse;
      ASSERT_EQ(InverseOf(MetresOf(used)), used) << inverse;
    }
  }
}

TEST(DepthExportTest, InfinitelyFarStaysThere) {
  for (const float far : {0.0f, -1.0f, 1e-6f, 1e-7f}) {
    EXPECT_EQ(MetresOf(far), kFarthestMetres) << far;
    EXPECT_EQ(InverseOf(MetresOf(far)), 0.0f) << far;
  }
  EXPECT_EQ(InverseOf(0), 0.0f);
  EXPECT_EQ(InverseOf(-3), 0.0f);
}

}  // namespace
}  // namespace stereofarm
