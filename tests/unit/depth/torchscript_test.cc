#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/cuda.h>
#include <torch/script.h>

#include <fstream>
#include <functional>

#include "models/depth/torchscript_estimator.h"
#include "tests/support/temp_folder.h"

namespace stereofarm {
namespace {

using ::testing::HasSubstr;

// A file with a module whose forward is `code`; `dress` adds attributes.
std::string Scripted(const TempFolder& folder, const std::string& code,
                     const std::function<void(torch::jit::Module&)>& dress = {}) {
  torch::jit::Module module("network");
  module.register_attribute("stereofarm_size", c10::IntType::get(), int64_t{28});
  if (dress) dress(module);
  module.define("def forward(self, x: Tensor) -> Tensor:\n" + code);
  const std::string file = (folder / "network.pt").string();
  module.save(file);
  return file;
}

Image Plain(ImageSize size, float r, float g, float b) {
  Image image(size.width, size.height, 3);
  const float value[3] = {r, g, b};
  for (int c = 0; c < 3; ++c) {
    for (int y = 0; y < size.height; ++y) std::fill_n(image.Row(c, y), size.width, value[c]);
  }
  return image;
}

absl::StatusOr<std::vector<DepthResult>> RunFrames(DepthEstimator& estimator, int begin, int end) {
  const ImageSize picture{112, 56};
  SF_ASSIGN_OR_RETURN(const DepthPlan plan, estimator.Plan(picture));
  SF_RETURN_IF_ERROR(estimator.Begin(picture));
  std::vector<DepthResult> done;
  for (int t = begin; t < end; ++t) {
    DepthInput input{t, Plain(plan.input, 0.1f * static_cast<float>(t), 0.5f, 0.25f)};
    SF_RETURN_IF_ERROR(estimator.Push(std::move(input), &done));
  }
  SF_RETURN_IF_ERROR(estimator.Finish(&done));
  return done;
}

absl::Status FailureOf(const std::string& file) {
  auto estimator = LoadTorchscriptEstimator(file, "cpu");
  if (!estimator.ok()) return estimator.status();
  return RunFrames(**estimator, 0, 1).status();
}

TEST(TorchscriptTest, NormalisesAndReturnsWhatTheModuleSays) {
  const TempFolder folder;
  const auto estimator =
      LoadTorchscriptEstimator(Scripted(folder, "    return x[:, 0] + 10.0 * x[:, 1]\n"), "cpu");
  ASSERT_TRUE(estimator.ok()) << estimator.status();
  const auto plan = (*estimator)->Plan({112, 56});
  EXPECT_EQ(plan->input, (ImageSize{56, 28}));
  EXPECT_EQ(plan->window, 0);
  EXPECT_FALSE(plan->metric);
  const auto results = RunFrames(**estimator, 3, 6);
  ASSERT_TRUE(results.ok()) << results.status();
  ASSERT_EQ(results->size(), 3u);
  for (const DepthResult& result : *results) {
    const float red = 0.1f * static_cast<float>(result.frame);
    EXPECT_NEAR(result.inverse_depth.Row(0, 27)[55],
                (red - 0.485f) / 0.229f + 10 * (0.5f - 0.456f) / 0.224f, 1e-5);
  }
  EXPECT_EQ((*results)[2].frame, 5);
}

TEST(TorchscriptTest, AttributesOverrideTheDefaults) {
  const TempFolder folder;
  const std::string file =
      Scripted(folder, "    return x.sum(1, True)\n", [](torch::jit::Module& module) {
        module.register_attribute("stereofarm_mean", c10::ListType::ofFloats(),
                                  c10::List<double>({0.0, 0.0, 0.0}));
        module.register_attribute("stereofarm_std", c10::ListType::ofFloats(),
                                  c10::List<double>({1.0, 0.5, 1.0}));
        module.register_attribute("stereofarm_multiple", c10::IntType::get(), int64_t{32});
        module.register_attribute("stereofarm_metric", c10::BoolType::get(), true);
      });
  const auto estimator = LoadTorchscriptEstimator(file, "cpu");
  ASSERT_TRUE(estimator.ok()) << estimator.status();
  const auto plan = (*estimator)->Plan({112, 56});
  EXPECT_EQ(plan->input, (ImageSize{64, 32}));
  EXPECT_TRUE(plan->metric);
  const auto results = RunFrames(**estimator, 1, 2);
  ASSERT_TRUE(results.ok()) << results.status();
  EXPECT_NEAR((*results)[0].inverse_depth.Row(0, 0)[0], 0.1f + 2 * 0.5f + 0.25f, 1e-5);
}

TEST(TorchscriptTest, BatchesFollowFrameNumbersNotTheStream) {
  const TempFolder folder;
  // A batch shows in the numbers: each frame also gets its own place.
  const std::string file =
      Scripted(folder,
               "    assert x.size(0) == 4\n"
               "    place = torch.arange(4).to(x.dtype).reshape(4, 1, 1)\n"
               "    return x[:, 0] + 100.0 * place\n",
               [](torch::jit::Module& module) {
                 module.register_attribute("stereofarm_batch", c10::IntType::get(), int64_t{4});
               });
  const auto estimator = LoadTorchscriptEstimator(file, "cpu");
  ASSERT_TRUE(estimator.ok()) << estimator.status();
  const auto whole = RunFrames(**estimator, 0, 10);
  const auto part = RunFrames(**estimator, 3, 7);
  ASSERT_TRUE(whole.ok()) << whole.status();
  ASSERT_TRUE(part.ok()) << part.status();
  ASSERT_EQ(whole->size(), 10u);
  ASSERT_EQ(part->size(), 4u);
  for (const DepthResult& result : *part) {
    const DepthResult& same = (*whole)[static_cast<size_t>(result.frame)];
    ASSERT_EQ(same.frame, result.frame);
    EXPECT_EQ(same.inverse_depth.Row(0, 0)[0], result.inverse_depth.Row(0, 0)[0]);
    EXPECT_NEAR(result.inverse_depth.Row(0, 0)[0],
                100.0f * static_cast<float>(result.frame % 4) +
                    (0.1f * static_cast<float>(result.frame) - 0.485f) / 0.229f,
                1e-3);
  }
}

TEST(TorchscriptTest, OtherSizesAreBroughtToTheInputs) {
  const TempFolder folder;
  const auto estimator = LoadTorchscriptEstimator(
      Scripted(folder, "    return x[:, :1, ::2, ::2] * 0.0 + 3.0\n"), "cpu");
  ASSERT_TRUE(estimator.ok()) << estimator.status();
  const auto results = RunFrames(**estimator, 0, 1);
  ASSERT_TRUE(results.ok()) << results.status();
  EXPECT_EQ((*results)[0].inverse_depth.width(), 56);
  EXPECT_EQ((*results)[0].inverse_depth.height(), 28);
  EXPECT_FLOAT_EQ((*results)[0].inverse_depth.Row(0, 27)[55], 3);
}

TEST(TorchscriptTest, EveryCallGivesTheSameBytes) {
  const TempFolder folder;
  const auto estimator =
      LoadTorchscriptEstimator(Scripted(folder,
                                        "    y = torch.tanh(x * 1.7) * torch.sigmoid(x) + x.exp()\n"
                                        "    return (y / (1.0 + y.abs())).mean(1)\n"),
                               "cpu");
  ASSERT_TRUE(estimator.ok()) << estimator.status();
  const auto first = RunFrames(**estimator, 4, 5);
  ASSERT_TRUE(first.ok());
  for (int i = 0; i < 4; ++i) {
    const auto again = RunFrames(**estimator, 4, 5);
    ASSERT_TRUE(again.ok());
    EXPECT_EQ((*again)[0].inverse_depth.Row(0, 3)[7], (*first)[0].inverse_depth.Row(0, 3)[7]);
  }
}

TEST(TorchscriptTest, IdFollowsTheFile) {
  const TempFolder one, two;
  const auto a = LoadTorchscriptEstimator(Scripted(one, "    return x[:, 0]\n"), "cpu");
  const auto b = LoadTorchscriptEstimator(Scripted(two, "    return x[:, 1]\n"), "cpu");
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_THAT((*a)->Id(), testing::StartsWith("torchscript/1:"));
  EXPECT_EQ((*a)->Id().size(), std::string("torchscript/1:").size() + 16);
  EXPECT_NE((*a)->Id(), (*b)->Id());
}

TEST(TorchscriptTest, BadModulesAreNamedInOneSentence) {
  const TempFolder folder;
  const struct {
    const char* code;
    const char* complaint;
  } kCases[] = {
      {"    return x\n", "[1, 3, 28, 56]"},
      {"    return x[0, 0]\n", "[28, 56]"},
      {"    return x[:, 0] / 0.0 - x[:, 0] / 0.0\n", "aren't finite"},
      {"    return (x[:, 0] * 9.0).int()\n", "floating point tensor"},
      {"    assert x.size(3) == 57, \"width must be 57\"\n    return x[:, 0]\n",
       "width must be 57"},
  };
  for (const auto& c : kCases) {
    const std::string file = Scripted(folder, c.code);
    const absl::Status status = FailureOf(file);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(file));
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.complaint));
    EXPECT_THAT(std::string(status.message()), testing::Not(HasSubstr("\n")));
  }
}

TEST(TorchscriptTest, BadFilesAreNamedInOneSentence) {
  const TempFolder folder;
  const std::string file = (folder / "noise.pt").string();
  std::ofstream(file) << "this is no module";
  const absl::Status status = FailureOf(file);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(file));
  EXPECT_THAT(std::string(status.message()),
              testing::Not(testing::AnyOf(HasSubstr("\n"), HasSubstr(". "))));
}

TEST(TorchscriptTest, BadAttributesAreNamed) {
  const TempFolder folder;
  const std::string file = Scripted(folder, "    return x[:, 0]\n", [](torch::jit::Module& module) {
    module.register_attribute("stereofarm_std", c10::ListType::ofFloats(),
                              c10::List<double>({1.0, 0.0, 1.0}));
  });
  EXPECT_THAT(std::string(FailureOf(file).message()), HasSubstr("stereofarm_std"));
}

TEST(TorchscriptTest, DevicesThatAreNotHereAreRefused) {
  const TempFolder folder;
  const std::string file = Scripted(folder, "    return x[:, 0]\n");
  EXPECT_EQ(LoadTorchscriptEstimator(file, "gpu").status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(LoadTorchscriptEstimator(file, "cuda:99").status().code(),
            absl::StatusCode::kUnavailable);
}

TEST(TorchscriptTest, RunsOnCuda) {
  if (!torch::cuda::is_available()) GTEST_SKIP() << "no CUDA device here";
  const TempFolder folder;
  const auto estimator =
      LoadTorchscriptEstimator(Scripted(folder, "    return x[:, 0] * 2.0\n"), "cuda:0");
  ASSERT_TRUE(estimator.ok()) << estimator.status();
  const auto results = RunFrames(**estimator, 2, 3);
  ASSERT_TRUE(results.ok()) << results.status();
  EXPECT_NEAR((*results)[0].inverse_depth.Row(0, 0)[0], 2 * (0.2f - 0.485f) / 0.229f, 1e-5);
}

}  // namespace
}  // namespace stereofarm
