#ifndef STEREOFARM_MODELS_DEPTH_BATCHED_ESTIMATOR_H_
#define STEREOFARM_MODELS_DEPTH_BATCHED_ESTIMATOR_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "models/api/depth_estimator.h"

namespace stereofarm {

// An estimator whose network looks at each frame by itself, in batches that are always of one size:
// a frame's place in its batch depends on its number alone, and places without a frame hold the
// nearest one, so that every frame goes through a call of the same shape.
class BatchedEstimator : public DepthEstimator {
 public:
  absl::Status Begin(ImageSize picture) override;
  absl::Status Push(DepthInput frame, std::vector<DepthResult>* done) override;
  absl::Status Finish(std::vector<DepthResult>* done) override;
  bool LooksAtFramesAlone() const override { return true; }

 protected:
  // `source`: what messages name, the network's file.
  BatchedEstimator(std::string source, int64_t batch) : source_(std::move(source)), batch_(batch) {}

  const std::string& source() const { return source_; }
  int64_t batch() const { return batch_; }
  const DepthPlan& plan() const { return plan_; }

 private:
  // A frame of plan().input as the network takes it: [3, H, W].
  virtual at::Tensor Prepare(const Image& rgb) const = 0;
  // [batch, 3, H, W] -> [batch, h, w] of plan().output, float32 on the CPU, contiguous. May throw
  // what LibTorch throws.
  virtual absl::StatusOr<at::Tensor> Infer(const at::Tensor& frames) = 0;

  int64_t SlotOf(int64_t frame) const { return frame % batch_; }
  absl::Status Run(std::vector<DepthResult>* done);

  const std::string source_;
  const int64_t batch_;
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
