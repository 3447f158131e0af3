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

#include "absl/strings/str_format.h"
#include "models/depth/depth_anything_v2.h"
#include "models/depth/video_depth_anything.h"
#include "models/flow/raft.h"
#include "models/nn/tensor_memory.h"
#include "tests/golden/golden_set.h"

namespace stereofarm {
namespace {

absl::StatusOr<std::function<void()>> ForwardOf(const std::filesystem::path& file, int64_t height,
                                                int64_t width) {
  SF_ASSIGN_OR_RETURN(const std::shared_ptr<const WeightFile> weights, WeightFile::Open(file));
  switch (KindOf(*weights)) {
    case NetworkKind::kDepthAnythingV2: {
      SF_ASSIGN_OR_RETURN(DepthAnythingV2 net, LoadDepthAnythingV2(weights));
      return [net, x = at::randn({1, 3, height, width})] { Forward(net, x); };
    }
    case NetworkKind::kVideoDepthAnything: {
      SF_ASSIGN_OR_RETURN(VideoDepthAnything net, LoadVideoDepthAnything(weights));
      return [net, x = at::randn({1, kVideoFrames, 3, height, width})] { Forward(net, x); };
    }
    case NetworkKind::kRaft: {
      SF_ASSIGN_OR_RETURN(Raft net, LoadRaft(weights));
      return [net, a = at::randn({1, 3, height, width}), b = at::randn({1, 3, height, width})] {
        Forward(net, a, b);
      };
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
  SF_ASSIGN_OR_RETURN(const std::function<void()> forward,
                      ForwardOf(weights, how.height, how.width));
  const int64_t before = TakeTensorBytes().now;
  forward();
  const int64_t taken = TakeTensorBytes().peak - before;
  std::vector<double> seconds;
  for (int i = 0; i < how.repeats; ++i) {
    const auto start = std::chrono::steady_clock::now();
    forward();
    seconds.push_back(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::ranges::sort(seconds);
  const size_t half = seconds.size() / 2;
  const double median =
      seconds.size() % 2 == 1 ? seconds[half] : (seconds[half - 1] + seconds[half]) / 2;
  return absl::StrFormat(
      "%s %dx%d stereofarm threads %d median %.3f s  (min %.3f max %.3f), tensors "
      "%.1f MiB",
      weights.stem().string(), how.height, how.width, at::get_num_threads(), median,
      seconds.front(), seconds.back(), static_cast<double>(taken) / (1 << 20));
}

}  // namespace stereofarm
