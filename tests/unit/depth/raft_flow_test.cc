#include "models/flow/raft_flow.h"

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "models/depth/create.h"
#include "models/flow/raft.h"
#include "tests/support/test_data.h"
#include "tests/unit/depth/moving_scene.h"

namespace stereofarm {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string Weights() { return TestData("golden/raft/weights_large.safetensors"); }

// A texture that moves by (dx, dy) pixels a frame.
struct Scene {
  std::vector<cv::Mat> rgb;
  cv::Mat grey;
};
Scene Moved(int width, int height, double dx, double dy) {
  const Texture texture(5);
  cv::Mat plane(height, width, CV_32F);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) plane.at<float>(y, x) = texture.At(x - dx, y - dy);
  }
  Scene scene{{plane, plane, plane}, {}};
  plane.convertTo(scene.grey, CV_8U, 255);
  return scene;
}

FlowPair FlowOf(FlowEstimator& flow, const Scene& a, const Scene& b) {
  return flow.Between(*flow.Look(a.rgb, a.grey), *flow.Look(b.rgb, b.grey));
}

double Farthest(const cv::Mat& a, const cv::Mat& b) { return cv::norm(a, b, cv::NORM_INF); }

TEST(RaftFlowTest, IsTheNetworksFlowBothWays) {
  auto flow = LoadRaftFlow(Weights(), "cpu");
  ASSERT_TRUE(flow.ok()) << flow.status();
  EXPECT_THAT((*flow)->Id(), StartsWith("raft/1:"));
  // No multiple of eight, and smaller than the network takes.
  const Scene a = Moved(150, 90, 0, 0), b = Moved(150, 90, 3, 1);
  const FlowPair there = FlowOf(**flow, a, b), back = FlowOf(**flow, b, a);
  EXPECT_EQ(there.forward.size(), cv::Size(150, 90));
  EXPECT_GT(cv::norm(there.forward, cv::NORM_INF), 0.1);
  EXPECT_EQ(Farthest(there.forward, back.backward), 0);
  EXPECT_EQ(Farthest(there.backward, back.forward), 0);
  EXPECT_GT(Farthest(there.forward, there.backward), 0.1);
  EXPECT_TRUE((*flow)->TakeStatus().ok());
}

TEST(RaftFlowTest, ThreadsDontChangeABit) {
  auto flow = LoadRaftFlow(Weights(), "cpu");
  ASSERT_TRUE(flow.ok()) << flow.status();
  const Scene a = Moved(200, 136, 0, 0), b = Moved(200, 136, -2, 1.5);
  const int before = at::get_num_threads();
  std::vector<cv::Mat> flows;
  for (const int threads : {1, 2, 3, 7}) {
    at::set_num_threads(threads);
    flows.push_back(FlowOf(**flow, a, b).forward);
  }
  at::set_num_threads(before);
  for (const cv::Mat& each : flows) EXPECT_EQ(Farthest(each, flows[0]), 0);
}

TEST(RaftFlowTest, PublishedWeightsFollowAMovingTexture) {
  const auto file = SharedFile("golden/raft_small_real/raft-small.pth");
  SF_SKIP_WITHOUT(file);
  auto flow = LoadRaftFlow(file, "cpu");
  ASSERT_TRUE(flow.ok()) << flow.status();
  const FlowPair pair = FlowOf(**flow, Moved(320, 180, 0, 0), Moved(320, 180, 6, -3));
  int right = 0, all = 0;
  for (int y = 16; y < 164; ++y) {
    for (int x = 16; x < 304; ++x) {
      const cv::Vec2f f = pair.forward.at<cv::Vec2f>(y, x);
      right += std::hypot(f[0] - 6, f[1] + 3) < 0.5;
      ++all;
    }
  }
  EXPECT_GT(right, 0.95 * all);
  EXPECT_GT(pair.likeness, 0.95);
}

TEST(RaftFlowTest, ParallaxTakesItByName) {
  const auto estimator = CreateDepthEstimator("parallax+raft-large:" + Weights(), "cpu");
  ASSERT_TRUE(estimator.ok()) << estimator.status();
  EXPECT_THAT((*estimator)->Id(), StartsWith("parallax/3+raft/1:"));
}

TEST(RaftFlowTest, NamesAFileThatDoesntFit) {
  const std::string other = TestData("golden/depth_anything_v2/weights.safetensors");
  EXPECT_THAT(std::string(LoadRaftFlow(other, "cpu").status().message()), HasSubstr(other));
  EXPECT_EQ(LoadRaftFlow("/no/such.pth", "cpu").status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace stereofarm
