#include "models/depth/batched_estimator.h"

#include <ATen/ops/stack.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/base/log.h"
#include "models/nn/torch_calls.h"

namespace stereofarm {
namespace {

// Pixels of a token's square on each side (models/nn/memory_plan.h).
constexpr int kTokenSide = 14;

}  // namespace

absl::StatusOr<DepthResult> DepthResultOf(const std::string& source, int64_t frame,
                                          const at::Tensor& depth) {
  const int h = static_cast<int>(depth.size(0)), w = static_cast<int>(depth.size(1));
  const float* in = depth.const_data_ptr<float>();
  DepthResult result;
  result.frame = frame;
  result.inverse_depth = Image(w, h, 1);
  for (int y = 0; y < h; ++y, in += w) {
    if (!std::all_of(in, in + w, [](float v) { return std::isfinite(v); })) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "%s: the module returned numbers that aren't finite for frame %d", source, frame));
    }
    std::memcpy(result.inverse_depth.Row(0, y), in, sizeof(float) * static_cast<size_t>(w));
  }
  return result;
}

absl::Status CheckFrame(const std::string& source, const DepthInput& frame, ImageSize planned) {
  if (ImageSize{frame.rgb.width(), frame.rgb.height()} == planned && frame.rgb.channels() >= 3) {
    return absl::OkStatus();
  }
  return absl::InternalError(absl::StrFormat(
      "%s: frame %d is %d x %d with %d channels instead of %d x %d with 3", source, frame.frame,
      frame.rgb.width(), frame.rgb.height(), frame.rgb.channels(), planned.width, planned.height));
}

absl::Status BatchedEstimator::Begin(ImageSize picture) {
  SF_ASSIGN_OR_RETURN(plan_, Plan(picture));
  waiting_.clear();
  if (memory_) {
    SF_ASSIGN_OR_RETURN(
        batch_, ChooseBatch(source_, memory_->forward, Tokens(), most_batch_, memory_->free()));
  }
  begun_ = true;
  return absl::OkStatus();
}

absl::Status BatchedEstimator::Push(DepthInput frame, std::vector<DepthResult>* done) {
  if (!begun_) return absl::InternalError(source_ + ": a frame was pushed before Begin");
  SF_RETURN_IF_ERROR(CheckFrame(source_, frame, plan_.input));
  if (!waiting_.empty() && frame.frame != waiting_.back().frame + 1) {
    return absl::InternalError(absl::StrFormat("%s: frame %d follows frame %d", source_,
                                               frame.frame, waiting_.back().frame));
  }
  SF_RETURN_IF_ERROR(GuardTorch(source_, "a frame can't be prepared", [&] {
    waiting_.push_back({frame.frame, Prepare(frame.rgb)});
    return absl::OkStatus();
  }));
  return SlotOf(frame.frame) + 1 == batch_ ? Run(done) : absl::OkStatus();
}

absl::Status BatchedEstimator::Finish(std::vector<DepthResult>* done) {
  if (!begun_) return absl::InternalError(source_ + ": Finish before Begin");
  begun_ = false;
  return waiting_.empty() ? absl::OkStatus() : Run(done);
}

int64_t BatchedEstimator::Tokens() const {
  return int64_t{plan_.output.width / kTokenSide} * (plan_.output.height / kTokenSide);
}

absl::Status BatchedEstimator::Run(std::vector<DepthResult>* done) {
  absl::Status status;
  while (status.ok() && !waiting_.empty()) {
    const int64_t batch_number = waiting_.front().frame / batch_;
    const auto end = std::find_if(waiting_.begin(), waiting_.end(), [&](const Waiting& each) {
      return each.frame / batch_ != batch_number;
    });
    status = RunBatch(static_cast<size_t>(end - waiting_.begin()), done);
    if (status.ok()) {
      waiting_.erase(waiting_.begin(), end);
    } else if (IsOutOfMemory(status) && memory_) {
      if (batch_ == 1) {
        status = OutOfMemory(absl::StrFormat("%s; %s", std::string(status.message()),
                                             NeedText(memory_->forward, Tokens(), 1)));
        break;
      }
      batch_ /= 2;
      most_batch_ = batch_;
      SF_LOG(kWarning) << source_ << ": out of memory, goes on with " << batch_
                       << " pictures at once";
      memory_->release();
      status = absl::OkStatus();
    }
  }
  waiting_.clear();
  return status;
}

absl::Status BatchedEstimator::RunBatch(size_t count, std::vector<DepthResult>* done) {
  return GuardTorch(source_, "the module failed", [&]() -> absl::Status {
    const c10::InferenceMode no_gradients;
    const int64_t first = SlotOf(waiting_.front().frame);
    std::vector<at::Tensor> frames;
    for (int64_t slot = 0; slot < batch_; ++slot) {
      const int64_t nearest = std::clamp<int64_t>(slot - first, 0, static_cast<int64_t>(count) - 1);
      frames.push_back(waiting_[static_cast<size_t>(nearest)].prepared);
    }
    SF_ASSIGN_OR_RETURN(const at::Tensor depth, Infer(at::stack(frames)));
    for (size_t i = 0; i < count; ++i) {
      const Waiting& each = waiting_[i];
      SF_ASSIGN_OR_RETURN(DepthResult result,
                          DepthResultOf(source_, each.frame, depth[SlotOf(each.frame)]));
      done->push_back(std::move(result));
    }
    return absl::OkStatus();
  });
}

}  // namespace stereofarm
