#ifndef STEREOFARM_MODELS_DEPTH_BATCHED_ESTIMATOR_H_
#define STEREOFARM_MODELS_DEPTH_BATCHED_ESTIMATOR_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "models/api/depth_estimator.h"
#include "models/nn/memory_plan.h"

namespace stereofarm {

// What is known of the memory that a network's forward takes, and of what there is.
struct BatchMemory {
  ForwardMemory forward;
  std::function<int64_t()> free;  // bytes
  std::function<void()> release;  // gives what is kept for later tensors back
};

// An estimator whose network looks at each frame by itself, in batches that are always of one size:
// a frame's place in its batch depends on its number alone, and places without a frame hold the
// nearest one, so that every frame goes through a call of the same shape.
//
// With BatchMemory the batch is the largest that fits in what is free when a stream begins, and is
// halved for good when memory runs out all the same; then the same frames go on. The network's
// numbers must not depend on the batch.
class BatchedEstimator : public DepthEstimator {
 public:
  absl::Status Begin(ImageSize picture) override;
  absl::Status Push(DepthInput frame, std::vector<DepthResult>* done) override;
  absl::Status Finish(std::vector<DepthResult>* done) override;
  bool LooksAtFramesAlone() const override { return true; }

 protected:
  // `source`: what messages name, the network's file.
  BatchedEstimator(std::string source, int64_t batch, std::optional<BatchMemory> memory = {})
      : source_(std::move(source)), most_batch_(batch), batch_(batch), memory_(std::move(memory)) {}

  const std::string& source() const { return source_; }
  // Of the next call of Infer.
  int64_t batch() const { return batch_; }
  const DepthPlan& plan() const { return plan_; }

 private:
  // A frame of plan().input as the network takes it: [3, H, W].
  virtual at::Tensor Prepare(const Image& rgb) const = 0;
  // [batch, 3, H, W] -> [batch, h, w] of plan().output, float32 on the CPU, contiguous. May throw
  // what LibTorch throws.
  virtual absl::StatusOr<at::Tensor> Infer(const at::Tensor& frames) = 0;

  int64_t SlotOf(int64_t frame) const { return frame % batch_; }
  int64_t Tokens() const;
  // Everything that waits.
  absl::Status Run(std::vector<DepthResult>* done);
  // The first `count` frames that wait, which are of one batch.
  absl::Status RunBatch(size_t count, std::vector<DepthResult>* done);

  const std::string source_;
  int64_t most_batch_;
  int64_t batch_;
  const std::optional<BatchMemory> memory_;
  DepthPlan plan_;
  bool begun_ = false;
  struct Waiting {
    int64_t frame = 0;
    at::Tensor prepared;
  };
  std::vector<Waiting> waiting_;  // the batch that fills up; frames of one batch only
};

// What the network gave for a frame, [h, w] of float32 on the CPU, contiguous. InvalidArgument
// names the source when a number isn't finite.
absl::StatusOr<DepthResult> DepthResultOf(const std::string& source, int64_t frame,
                                          const at::Tensor& depth);

// InternalError unless a frame is of the size that was planned, with three channels.
absl::Status CheckFrame(const std::string& source, const DepthInput& frame, ImageSize planned);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_DEPTH_BATCHED_ESTIMATOR_H_
