#include "tests/golden/time_forward.h"

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/randn.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "models/depth/depth_anything_v2.h"
#include "models/depth/video_depth_anything.h"
#include "models/flow/raft.h"
#include "models/nn/tensor_memory.h"
#include "tests/golden/golden_set.h"

namespace stereofarm {
namespace {

// One forward to its end, and the pictures that it takes in.
struct Timed {
  std::function<void()> forward;
  int64_t pictures = 1;
};

absl::StatusOr<Timed> ForwardOf(const std::filesystem::path& file, const TimedForward& how) {
  const auto noise = [&](std::vector<int64_t> shape) {
    shape.insert(shape.end(), {3, how.height, how.width});
    return Placed(at::randn(shape), how.place);
  };
  // Work on a GPU has ended when a number of its result is here.
  const auto end = [](const at::Tensor& result) { result.flatten()[0].item<float>(); };
  SF_ASSIGN_OR_RETURN(const std::shared_ptr<const WeightFile> weights, WeightFile::Open(file));
  switch (KindOf(*weights)) {
    case NetworkKind::kDepthAnythingV2: {
      SF_ASSIGN_OR_RETURN(DepthAnythingV2 net, LoadDepthAnythingV2(weights, how.place));
      return Timed{[net, end, x = noise({how.batch})] { end(Forward(net, x)); }, how.batch};
    }
    case NetworkKind::kVideoDepthAnything: {
      SF_ASSIGN_OR_RETURN(VideoDepthAnything net, LoadVideoDepthAnything(weights, how.place));
      return Timed{[net, end, x = noise({how.batch, kVideoFrames})] { end(Forward(net, x)); },
                   how.batch * kVideoFrames};
    }
    case NetworkKind::kRaft: {
      SF_ASSIGN_OR_RETURN(Raft net, LoadRaft(weights, how.place));
      return Timed{[net, end, a = noise({how.batch}), b = noise({how.batch})] {
                     end(Forward(net, a, b).full);
                   },
                   how.batch};
    }
    case NetworkKind::kUnknown:
      break;
  }
  return absl::InvalidArgumentError(
      absl::StrFormat("%s: holds no network that is known here", file.string()));
}

}  // namespace

absl::StatusOr<std::string> TimeForward(const std::filesystem::path& weights,
                                        const TimedForward& how) {
  const c10::InferenceMode no_gradients;
  KeepTensorMemory();
  if (how.threads > 0) at::set_num_threads(how.threads);
  SF_ASSIGN_OR_RETURN(const Timed timed, ForwardOf(weights, how));
  const int64_t before = TakeTensorBytes().now;
  timed.forward();
  const int64_t taken = TakeTensorBytes().peak - before;
  std::vector<double> seconds;
  for (int i = 0; i < how.repeats; ++i) {
    const auto start = std::chrono::steady_clock::now();
    timed.forward();
    seconds.push_back(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::ranges::sort(seconds);
  const size_t half = seconds.size() / 2;
  const double median =
      seconds.size() % 2 == 1 ? seconds[half] : (seconds[half - 1] + seconds[half]) / 2;
  std::string where = absl::StrFormat("threads %d", at::get_num_threads());
  if (how.place.device.is_cuda()) where = how.place.device.str();
  if (how.place.type != at::kFloat) absl::StrAppend(&where, " ", c10::toString(how.place.type));
  if (how.batch > 1) absl::StrAppend(&where, " batch ", how.batch);
  return absl::StrFormat(
      "%s %dx%d stereofarm %s median %.3f s  (min %.3f max %.3f) %.3g pictures/s, tensors %.1f MiB",
      weights.stem().string(), how.height, how.width, where, median, seconds.front(),
      seconds.back(), static_cast<double>(timed.pictures) / median,
      static_cast<double>(taken) / (1 << 20));
}

}  // namespace stereofarm
