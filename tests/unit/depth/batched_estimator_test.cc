#include "models/depth/batched_estimator.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/mean.h>
#include <c10/util/Exception.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <new>
#include <vector>

namespace stereofarm {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr ImageSize kPicture = {28, 14};  // 2 tokens
constexpr ForwardMemory kForward = {.fixed = 0, .per_token = 500};

// How a network runs out of memory.
enum class Fails { kNever, kAsAllocatorsSay, kAsDevicesSay, kTruly };

// Depth = mean of the red. Its calls' batches are kept; those above `fits` fail.
class MeanEstimator : public BatchedEstimator {
 public:
  MeanEstimator(int64_t batch, std::optional<BatchMemory> memory)
      : BatchedEstimator("mean", batch, std::move(memory)) {}
  absl::StatusOr<DepthPlan> Plan(ImageSize picture) const override {
    return DepthPlan{.input = picture, .output = picture};
  }
  std::string Id() const override { return "mean/1"; }

  std::vector<int64_t> batches;
  int64_t fits = 64;
  Fails fails = Fails::kNever;

 private:
  at::Tensor Prepare(const Image& rgb) const override {
    return at::full({3, rgb.height(), rgb.width()}, rgb.Row(0, 0)[0]);
  }
  absl::StatusOr<at::Tensor> Infer(const at::Tensor& frames) override {
    batches.push_back(frames.size(0));
    if (frames.size(0) > fits) RunOut();
    return frames.mean(1).contiguous();
  }
  void RunOut() const {
    if (fails == Fails::kAsAllocatorsSay) throw std::bad_alloc();
    if (fails == Fails::kAsDevicesSay) {
      TORCH_CHECK_WITH(OutOfMemoryError, false, "CUDA out of memory. Tried to allocate 2 GiB");
    }
    at::empty({int64_t{1} << 58});  // more than there is address space for
  }
};

struct Counted {
  int64_t free = 0;
  int released = 0;
  BatchMemory Memory() {
    return {
        .forward = kForward, .free = [this] { return free; }, .release = [this] { ++released; }};
  }
};

absl::StatusOr<std::vector<float>> Depths(BatchedEstimator& estimator, int begin, int end) {
  std::vector<DepthResult> done;
  SF_RETURN_IF_ERROR(estimator.Begin(kPicture));
  for (int i = begin; i < end; ++i) {
    Image rgb(kPicture.width, kPicture.height, 3);
    rgb.Fill(static_cast<float>(i));
    SF_RETURN_IF_ERROR(estimator.Push({i, std::move(rgb)}, &done));
  }
  SF_RETURN_IF_ERROR(estimator.Finish(&done));
  std::vector<float> depths;
  for (const DepthResult& result : done) {
    EXPECT_EQ(result.frame, begin + static_cast<int64_t>(depths.size()));
    depths.push_back(result.inverse_depth.Row(0, 3)[5]);
  }
  return depths;
}

TEST(BatchedEstimatorTest, TheBatchIsWhatFitsWhenAStreamBegins) {
  Counted counted;
  MeanEstimator estimator(4, counted.Memory());
  const std::pair<int64_t, int64_t> rows[] = {{4000, 4}, {3999, 2}, {1999, 1}, {4000, 4}};
  for (const auto& [free, batch] : rows) {
    counted.free = free;
    estimator.batches.clear();
    EXPECT_THAT(Depths(estimator, 3, 8).value(), ElementsAre(3, 4, 5, 6, 7));
    EXPECT_EQ(estimator.batches.front(), batch);
  }
  counted.free = 999;
  const absl::Status status = estimator.Begin(kPicture);
  EXPECT_TRUE(IsOutOfMemory(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("mean: a forward of 2 tokens needs"));
}

TEST(BatchedEstimatorTest, OutOfMemoryHalvesTheBatchForGoodAndLosesNoFrame) {
  std::vector<Fails> ways = {Fails::kAsAllocatorsSay, Fails::kAsDevicesSay};
#if !defined(__SANITIZE_ADDRESS__)  // whose allocator ends the process instead
  ways.push_back(Fails::kTruly);
#endif
  for (const Fails fails : ways) {
    Counted counted{.free = 1 << 30};
    MeanEstimator estimator(4, counted.Memory());
    estimator.fits = 2;
    estimator.fails = fails;
    EXPECT_THAT(Depths(estimator, 2, 8).value(), ElementsAre(2, 3, 4, 5, 6, 7));
    EXPECT_THAT(estimator.batches, ElementsAre(4, 2, 2, 2));
    EXPECT_EQ(counted.released, 1);
    estimator.batches.clear();
    EXPECT_THAT(Depths(estimator, 0, 4).value(), ElementsAre(0, 1, 2, 3));
    EXPECT_THAT(estimator.batches, ElementsAre(2, 2));
  }
}

TEST(BatchedEstimatorTest, WhenNotEvenOnePictureGoesItSaysWhatIsNeeded) {
  Counted counted{.free = 1 << 30};
  MeanEstimator estimator(4, counted.Memory());
  estimator.fits = 0;
  estimator.fails = Fails::kAsDevicesSay;
  const absl::Status status = Depths(estimator, 0, 4).status();
  EXPECT_TRUE(IsOutOfMemory(status)) << status;
  EXPECT_THAT(estimator.batches, ElementsAre(4, 2, 1));
  EXPECT_THAT(std::string(status.message()), HasSubstr("out of memory"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("a forward of 2 tokens needs about 1.0 kB"));
}

TEST(BatchedEstimatorTest, ABatchThatIsTheNetworksOwnIsNeverHalved) {
  MeanEstimator estimator(4, std::nullopt);
  estimator.fits = 2;
  estimator.fails = Fails::kAsAllocatorsSay;
  EXPECT_TRUE(IsOutOfMemory(Depths(estimator, 0, 4).status()));
  EXPECT_THAT(estimator.batches, ElementsAre(4));
}

}  // namespace
}  // namespace stereofarm
