#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <vector>

#include "models/depth/create.h"
#include "models/depth/depth_anything_estimator.h"
#include "models/depth/depth_anything_picture.h"
#include "models/depth/depth_anything_v2.h"
#include "tests/support/test_data.h"

namespace stereofarm {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr ImageSize kPicture = {96, 54};

const std::filesystem::path& SmallWeights() {
  static const auto* const kFile =
      new std::filesystem::path(TestData("golden/depth_anything_v2/weights.safetensors"));
  return *kFile;
}
const std::filesystem::path& SmallVideoWeights() {
  static const auto* const kFile =
      new std::filesystem::path(TestData("golden/video_depth_anything/weights.safetensors"));
  return *kFile;
}

Image Pattern(ImageSize size, int phase) {
  Image image(size.width, size.height, 3);
  for (int c = 0; c < 3; ++c) {
    for (int y = 0; y < size.height; ++y) {
      for (int x = 0; x < size.width; ++x) {
        image.Row(c, y)[x] = 0.5f + 0.4f * std::sin(0.2f * static_cast<float>(x + 3 * c + phase)) *
                                        std::cos(0.15f * static_cast<float>(y - phase));
      }
    }
  }
  return image;
}

absl::StatusOr<std::vector<DepthResult>> RunFrames(DepthEstimator& estimator, int begin, int end,
                                                   ImageSize picture = kPicture) {
  std::vector<DepthResult> done;
  SF_RETURN_IF_ERROR(estimator.Begin(picture));
  for (int i = begin; i < end; ++i) {
    SF_RETURN_IF_ERROR(estimator.Push({i, Pattern(picture, i)}, &done));
  }
  SF_RETURN_IF_ERROR(estimator.Finish(&done));
  return done;
}

bool Equal(const Image& a, const Image& b) {
  if (!a.SameSize(b)) return false;
  for (int y = 0; y < a.height(); ++y) {
    if (!std::equal(a.Row(0, y), a.Row(0, y) + a.width(), b.Row(0, y))) return false;
  }
  return true;
}

TEST(DepthAnythingInputSizeTest, IsThePublishedOne) {
  const auto of = [](int w, int h, int side) {
    const ImageSize size = DepthAnythingInputSize({w, h}, side);
    return std::vector<int>{size.width, size.height};
  };
  EXPECT_THAT(of(1920, 1080, 518), ElementsAre(924, 518));
  EXPECT_THAT(of(1280, 720, 518), ElementsAre(924, 518));
  EXPECT_THAT(of(518, 518, 518), ElementsAre(518, 518));
  EXPECT_THAT(of(131, 77, 98), ElementsAre(168, 98));
  EXPECT_THAT(of(110, 160, 70), ElementsAre(70, 98));
  // Never below the side, even where that isn't a multiple of 14.
  EXPECT_THAT(of(100, 100, 100), ElementsAre(112, 112));
}

TEST(DepthAnythingInputSizeTest, LongPicturesOfVideosAreTakenSmaller) {
  EXPECT_EQ(VideoDepthAnythingSide({1920, 1080}), 518);
  EXPECT_EQ(VideoDepthAnythingSide({2390, 1000}), 392);
  EXPECT_EQ(VideoDepthAnythingSide({83, 60}, 56), 56);
}

TEST(DepthAnythingEstimatorTest, GivesTheNetworksDepthOfEachFrame) {
  const auto estimator = LoadDepthAnythingEstimator(SmallWeights(), "cpu");
  ASSERT_TRUE(estimator.ok()) << estimator.status();
  EXPECT_THAT((*estimator)->Id(), HasSubstr("depth-anything-v2/2:"));
  const auto plan = (*estimator)->Plan(kPicture);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->input, kPicture);
  EXPECT_EQ(plan->output, (ImageSize{924, 518}));
  const auto results = RunFrames(**estimator, 5, 8);
  ASSERT_TRUE(results.ok()) << results.status();
  ASSERT_EQ(results->size(), 3u);

  const auto weights = WeightFile::Open(SmallWeights());
  const auto net = LoadDepthAnythingV2(*weights);
  ASSERT_TRUE(net.ok()) << net.status();
  const at::Tensor wanted =
      Forward(*net, DepthAnythingInput(Pattern(kPicture, 6), plan->output).unsqueeze(0))[0]
          .contiguous();
  const auto as_result = DepthResult{6, (*results)[1].inverse_depth.Clone()};
  EXPECT_EQ((*results)[1].frame, 6);
  for (int y = 0; y < 518; y += 37) {
    for (int x = 0; x < 924; x += 11) {
      ASSERT_EQ(as_result.inverse_depth.Row(0, y)[x], wanted.const_data_ptr<float>()[y * 924 + x]);
    }
  }
}

TEST(DepthAnythingEstimatorTest, NumbersDependOnNeitherThreadsNorTheStreamsBegin) {
  const auto estimator = LoadDepthAnythingEstimator(SmallWeights(), "cpu");
  ASSERT_TRUE(estimator.ok()) << estimator.status();
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const auto one = RunFrames(**estimator, 0, 3);
  at::set_num_threads(3);
  const auto three = RunFrames(**estimator, 2, 3);
  at::set_num_threads(before);
  ASSERT_TRUE(one.ok() && three.ok());
  EXPECT_TRUE(Equal((*one)[2].inverse_depth, (*three)[0].inverse_depth));
}

TEST(DepthAnythingEstimatorTest, Bfloat16IsNearAndNotTheSameAndSaysSo) {
  const auto whole = LoadDepthAnythingEstimator(SmallWeights(), "cpu");
  const auto short_type = LoadDepthAnythingEstimator(SmallWeights(), "cpu", /*in_bfloat16=*/true);
  ASSERT_TRUE(whole.ok() && short_type.ok()) << short_type.status();
  EXPECT_THAT((*short_type)->Id(), HasSubstr("depth-anything-v2/2+bfloat16:"));
  const auto wanted = RunFrames(**whole, 0, 1);
  const auto found = RunFrames(**short_type, 0, 1);
  ASSERT_TRUE(wanted.ok() && found.ok());
  const Image& a = (*wanted)[0].inverse_depth;
  const Image& b = (*found)[0].inverse_depth;
  ASSERT_TRUE(a.SameSize(b));
  float low = a.Row(0, 0)[0], high = low, worst = 0;
  for (int y = 0; y < a.height(); ++y) {
    for (int x = 0; x < a.width(); ++x) {
      low = std::min(low, a.Row(0, y)[x]);
      high = std::max(high, a.Row(0, y)[x]);
      worst = std::max(worst, std::abs(a.Row(0, y)[x] - b.Row(0, y)[x]));
    }
  }
  EXPECT_GT(worst, 0);
  EXPECT_LT(worst, 0.05f * (high - low));
}

TEST(DepthAnythingEstimatorTest, NamesWhatDoesntFit) {
  const absl::Status missing = LoadDepthAnythingEstimator("/no/such.pth", "cpu").status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(missing.message()), HasSubstr("/no/such.pth"));
  // Another network's.
  const absl::Status other =
      LoadDepthAnythingEstimator(TestData("golden/raft/weights_large.safetensors"), "cpu").status();
  EXPECT_EQ(other.code(), absl::StatusCode::kInvalidArgument) << other;
  EXPECT_THAT(std::string(other.message()), HasSubstr("weights_large.safetensors"));
  const absl::Status video = LoadDepthAnythingEstimator(SmallVideoWeights(), "cpu").status();
  EXPECT_THAT(std::string(video.message()), HasSubstr("depth_head."));
  const absl::Status picture = LoadVideoDepthAnythingEstimator(SmallWeights(), "cpu").status();
  EXPECT_THAT(std::string(picture.message()), HasSubstr("the tensor head."));
  EXPECT_THAT(std::string(picture.message()), HasSubstr("is missing"));
}

TEST(VideoDepthAnythingEstimatorTest, GivesEachFrameOnceWhateverTheLength) {
  const auto estimator =
      CreateDepthEstimator("video-depth-anything-small:" + SmallVideoWeights().string(), "cpu");
  ASSERT_TRUE(estimator.ok()) << estimator.status();
  // Long pictures go through this network in a smaller size.
  for (const int length : {1, 32, 55}) {
    const auto results = RunFrames(**estimator, 7, 7 + length, {600, 50});
    ASSERT_TRUE(results.ok()) << results.status();
    ASSERT_EQ(results->size(), static_cast<size_t>(length));
    for (int i = 0; i < length; ++i) EXPECT_EQ((*results)[static_cast<size_t>(i)].frame, 7 + i);
  }
}

}  // namespace
}  // namespace stereofarm
