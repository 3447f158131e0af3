#include "common/farm/cut_features.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/unit/planning/made_film.h"

namespace stereofarm {
namespace {

TEST(CutFeaturesTest, DoNotDependOnWhereARangeBegan) {
  const Frames film = MakeShot(1, 12);
  const std::vector<CutFeatures> whole = Analyse(film);
  CutAnalyzer late;
  for (size_t t = 7 - kCutLead; t < film.size(); ++t) {
    const CutFeatures features = late.Next(film[t]);
    if (t >= 7) {
      EXPECT_EQ(features, whole[t]) << t;
    }
  }
}

TEST(CutFeaturesTest, TellAMovingPictureFromAnother) {
  Frames film = MakeShot(1, 4, 6.0);
  Append(MakeShot(2, 2), &film);
  const auto features = Analyse(film);
  EXPECT_EQ(features[0].match, 1.0f);
  EXPECT_GT(features[3].match, 0.85f);
  EXPECT_LT(features[4].match, 0.65f);
}

TEST(CutFeaturesTest, SetBrightnessAndContrastAside) {
  Frames film = MakeShot(3, 2);
  film.push_back(Mix(film[1], Plain(0.0f), 0.7));
  const auto features = Analyse(film);
  EXPECT_GT(features[2].match, 0.85f);
  EXPECT_GT(features[2].difference, 0.1f);
}

TEST(CutFeaturesTest, TakePicturesOfAnySizeAndBadPixels) {
  CutAnalyzer analyzer;
  Image tiny(3, 2, 3);
  tiny.Fill(0.5f);
  tiny.Row(0, 0)[0] = NAN;
  const CutFeatures features = analyzer.Next(tiny);
  EXPECT_TRUE(std::isfinite(features.mean));
  Image large(801, 333, 3);
  large.Fill(0.25f);
  EXPECT_NEAR(analyzer.Next(large).mean, 0.25f, 1e-5);
}

TEST(CutFeaturesTest, SurviveBytes) {
  const auto features = Analyse(MakeShot(4, 5));
  const std::string bytes = EncodeCutFeatures(features);
  EXPECT_LE(bytes.size(), 5u * 300);
  const auto back = DecodeCutFeatures(bytes);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(*back, features);
  EXPECT_TRUE(DecodeCutFeatures(EncodeCutFeatures({})).ok());
}

TEST(CutFeaturesTest, DamagedBytesAreDataLoss) {
  const auto features = Analyse(MakeShot(4, 2));
  const std::string bytes = EncodeCutFeatures(features);
  for (size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_EQ(DecodeCutFeatures(bytes.substr(0, length)).status().code(),
              absl::StatusCode::kDataLoss);
  }
  EXPECT_FALSE(DecodeCutFeatures(bytes + "x").ok());
  std::string version = bytes;
  version[4] ^= 1;
  EXPECT_FALSE(DecodeCutFeatures(version).ok());
  std::string count = bytes;
  count[15] ^= 0x7f;  // an enormous count must not be believed
  EXPECT_FALSE(DecodeCutFeatures(count).ok());
  std::string number = bytes;
  number.replace(number.size() - 4, 4, "\xff\xff\xff\xff");
  EXPECT_FALSE(DecodeCutFeatures(number).ok());
}

}  // namespace
}  // namespace stereofarm
