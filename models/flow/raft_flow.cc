#include "models/flow/raft_flow.h"

#include <ATen/ops/empty.h>
#include <c10/core/InferenceMode.h>

#include <utility>

#include "absl/strings/str_format.h"
#include "common/base/hash.h"
#include "models/flow/raft.h"
#include "models/nn/tensor_memory.h"
#include "models/nn/torch_calls.h"

namespace stereofarm {
namespace {

constexpr int kUpdates = 12;

struct EncodedPicture : FlowPicture {
  RaftPicture seen;
};

// Code values 0..1 -> [1, 3, H, W] in -1..1.
at::Tensor TensorOf(const std::vector<cv::Mat>& rgb) {
  const int rows = rgb[0].rows, columns = rgb[0].cols;
  at::Tensor tensor = at::empty({1, 3, rows, columns}, at::kFloat);
  float* out = tensor.mutable_data_ptr<float>();
  for (const cv::Mat& plane : rgb) {
    for (int y = 0; y < rows; ++y) {
      const float* in = plane.ptr<float>(y);
      for (int x = 0; x < columns; ++x) *out++ = 2 * in[x] - 1;
    }
  }
  return tensor;
}

// [2, H, W] of float32 on the CPU, contiguous -> CV_32FC2.
cv::Mat MatOf(const at::Tensor& flow) {
  const int rows = static_cast<int>(flow.size(1)), columns = static_cast<int>(flow.size(2));
  cv::Mat mat(rows, columns, CV_32FC2);
  const float* u = flow.const_data_ptr<float>();
  const float* v = u + flow.numel() / 2;
  for (int y = 0; y < rows; ++y) {
    cv::Vec2f* out = mat.ptr<cv::Vec2f>(y);
    for (int x = 0; x < columns; ++x) out[x] = {*u++, *v++};
  }
  return mat;
}

class RaftFlowEstimator : public FlowEstimator {
 public:
  RaftFlowEstimator(Raft net, std::string file, c10::Device device, std::string id)
      : net_(std::move(net)), file_(std::move(file)), device_(device), id_(std::move(id)) {}

  std::shared_ptr<const FlowPicture> Look(const std::vector<cv::Mat>& rgb,
                                          const cv::Mat& grey) override {
    auto picture = std::make_shared<EncodedPicture>();
    picture->grey = grey;
    Guard([&] {
      const FlowPadding padding(grey.rows, grey.cols);
      picture->seen = stereofarm::Look(net_, padding.Pad(TensorOf(rgb)).to(device_));
    });
    return picture;
  }

  FlowPair Between(const FlowPicture& a, const FlowPicture& b) override {
    const RaftPicture& seen_a = static_cast<const EncodedPicture&>(a).seen;
    const RaftPicture& seen_b = static_cast<const EncodedPicture&>(b).seen;
    cv::Mat forward = cv::Mat::zeros(a.grey.size(), CV_32FC2), backward = forward;
    Guard([&] {
      const FlowPadding padding(a.grey.rows, a.grey.cols);
      const auto flow = [&](const RaftPicture& from, const RaftPicture& to) {
        return MatOf(padding.Crop(FlowBetween(net_, from, to, kUpdates).full)
                         .squeeze(0)
                         .to(c10::Device(c10::kCPU))
                         .contiguous());
      };
      forward = flow(seen_a, seen_b);
      backward = flow(seen_b, seen_a);
    });
    return JoinFlows(a.grey, b.grey, forward, backward);
  }

  absl::Status TakeStatus() override { return std::exchange(status_, absl::OkStatus()); }
  std::string Id() const override { return id_; }

 private:
  template <typename Work>
  void Guard(const Work& work) {
    if (!status_.ok()) return;
    status_ = GuardTorch(file_, "the flow's network failed", [&] {
      const c10::InferenceMode no_gradients;
      work();
      return absl::OkStatus();
    });
  }

  const Raft net_;
  const std::string file_;
  const c10::Device device_;
  const std::string id_;
  absl::Status status_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<FlowEstimator>> LoadRaftFlow(const std::filesystem::path& file,
                                                            const std::string& device) {
  SF_ASSIGN_OR_RETURN(const c10::Device where, FindTorchDevice(device));
  SF_ASSIGN_OR_RETURN(const std::string hash, Sha256OfFile(file));
  SF_ASSIGN_OR_RETURN(const std::shared_ptr<const WeightFile> weights, WeightFile::Open(file));
  KeepTensorMemory();
  std::unique_ptr<FlowEstimator> estimator;
  SF_RETURN_IF_ERROR(GuardTorch(file.string(), "the weights can't be used", [&]() -> absl::Status {
    const c10::InferenceMode no_gradients;
    SF_ASSIGN_OR_RETURN(Raft net, LoadRaft(weights, {where, at::kFloat}));
    estimator = std::make_unique<RaftFlowEstimator>(
        std::move(net), file.string(), where, absl::StrFormat("raft/1:%s", hash.substr(0, 16)));
    return absl::OkStatus();
  }));
  return estimator;
}

}  // namespace stereofarm
