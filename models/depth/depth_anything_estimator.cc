#include "models/depth/depth_anything_estimator.h"

#include <ATen/ops/stack.h>
#include <c10/core/InferenceMode.h>

#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "common/base/hash.h"
#include "models/depth/batched_estimator.h"
#include "models/depth/depth_anything_picture.h"
#include "models/depth/depth_anything_v2.h"
#include "models/depth/video_depth_anything.h"
#include "models/depth/video_windows.h"
#include "models/nn/device_memory.h"
#include "models/nn/tensor_memory.h"
#include "models/nn/torch_calls.h"

namespace stereofarm {
namespace {

// On a processor a second picture at once brings nothing.
constexpr int64_t kBatchOnDevice = 4;

ForwardMemory ForwardOf(const VisionTransformer& encoder, const DptHead& head,
                        const ParameterPlace& place, bool over_time) {
  return DptForwardMemory(encoder.config.width, head.config.features,
                          static_cast<int64_t>(c10::elementSize(place.type)), over_time);
}

BatchMemory MemoryOf(const DepthAnythingV2& net, const ParameterPlace& place) {
  const c10::Device device = place.device;
  return {.forward = ForwardOf(net.encoder, net.head, place, /*over_time=*/false),
          .free = [device] { return FreeDeviceMemory(device); },
          .release = [device] { ReleaseDeviceMemory(device); }};
}

class DepthAnythingEstimator : public BatchedEstimator {
 public:
  DepthAnythingEstimator(DepthAnythingV2 net, std::string file, const ParameterPlace& place,
                         std::string id)
      : BatchedEstimator(std::move(file), place.device.is_cpu() ? 1 : kBatchOnDevice,
                         MemoryOf(net, place)),
        net_(std::move(net)),
        place_(place),
        id_(std::move(id)) {}

  absl::StatusOr<DepthPlan> Plan(ImageSize picture) const override {
    return DepthAnythingPlan(source(), picture, kDepthAnythingSide);
  }
  std::string Id() const override { return id_; }

 private:
  at::Tensor Prepare(const Image& rgb) const override {
    return DepthAnythingInput(rgb, plan().output);
  }
  absl::StatusOr<at::Tensor> Infer(const at::Tensor& frames) override {
    return Forward(net_, frames.to(place_.device, place_.type))
        .to(c10::Device(c10::kCPU), at::kFloat)
        .contiguous();
  }

  const DepthAnythingV2 net_;
  const ParameterPlace place_;
  const std::string id_;
};

class VideoDepthAnythingEstimator : public DepthEstimator {
 public:
  VideoDepthAnythingEstimator(VideoDepthAnything net, std::string file, const ParameterPlace& place,
                              std::string id)
      : net_(std::move(net)), file_(std::move(file)), place_(place), id_(std::move(id)) {}

  absl::StatusOr<DepthPlan> Plan(ImageSize picture) const override {
    const int side = picture.width < 1 || picture.height < 1 ? kDepthAnythingSide
                                                             : VideoDepthAnythingSide(picture);
    return DepthAnythingPlan(file_, picture, side);
  }

  absl::Status Begin(ImageSize picture) override {
    SF_ASSIGN_OR_RETURN(plan_, Plan(picture));
    frames_.clear();
    pushed_ = windows_ = given_ = 0;
    stitcher_ = VideoStitcher();
    const int64_t tokens = int64_t{plan_.output.width / kPatch} * (plan_.output.height / kPatch);
    SF_RETURN_IF_ERROR(ChooseBatch(file_,
                                   ForwardOf(net_.encoder, net_.head, place_, /*over_time=*/true),
                                   kVideoFrames * tokens, 1, FreeDeviceMemory(place_.device))
                           .status());
    begun_ = true;
    return absl::OkStatus();
  }

  absl::Status Push(DepthInput frame, std::vector<DepthResult>* done) override {
    if (!begun_) return absl::InternalError(file_ + ": a frame was pushed before Begin");
    SF_RETURN_IF_ERROR(CheckFrame(file_, frame, plan_.input));
    if (pushed_ == 0) first_ = frame.frame;
    if (frame.frame != first_ + pushed_) {
      return absl::InternalError(absl::StrFormat("%s: frame %d follows frame %d", file_,
                                                 frame.frame, first_ + pushed_ - 1));
    }
    SF_RETURN_IF_ERROR(GuardTorch(file_, "a frame can't be prepared", [&] {
      frames_[pushed_] = DepthAnythingInput(frame.rgb, plan_.output);
      return absl::OkStatus();
    }));
    ++pushed_;
    if (pushed_ < windows_ * kVideoStep + kVideoWindow) return absl::OkStatus();
    return RunWindow(pushed_, done);
  }

  absl::Status Finish(std::vector<DepthResult>* done) override {
    if (!begun_) return absl::InternalError(file_ + ": Finish before Begin");
    begun_ = false;
    while (windows_ < VideoWindowCount(pushed_)) SF_RETURN_IF_ERROR(RunWindow(pushed_, done));
    SF_RETURN_IF_ERROR(Give(stitcher_.Finish(), done));
    frames_.clear();
    return absl::OkStatus();
  }

  std::string Id() const override { return id_; }

 private:
  // The next window of a stream that has at least `known` frames.
  absl::Status RunWindow(int64_t known, std::vector<DepthResult>* done) {
    std::vector<Image> window;
    SF_RETURN_IF_ERROR(GuardTorch(file_, "the network failed", [&]() -> absl::Status {
      const c10::InferenceMode no_gradients;
      std::vector<at::Tensor> inputs;
      for (const int64_t frame : VideoWindowFrames(windows_, known)) {
        inputs.push_back(frames_.at(frame));
      }
      const at::Tensor depth =
          Forward(net_, at::stack(inputs).unsqueeze(0).to(place_.device, place_.type))
              .squeeze(0)
              .to(c10::Device(c10::kCPU), at::kFloat)
              .contiguous();
      for (int64_t i = 0; i < depth.size(0); ++i) {
        SF_ASSIGN_OR_RETURN(DepthResult one, DepthResultOf(file_, i, depth[i]));
        window.push_back(std::move(one.inverse_depth));
      }
      return absl::OkStatus();
    }));
    ++windows_;
    // Of the frames before the next window, it looks at two again.
    const int64_t begin = windows_ * kVideoStep;
    const std::vector<int64_t> next = VideoWindowFrames(windows_, begin + kVideoWindow);
    std::erase_if(frames_, [&](const auto& entry) {
      return entry.first < begin && entry.first != next[0] && entry.first != next[1] &&
             entry.first + 1 != known;
    });
    return Give(stitcher_.Add(std::move(window)), done);
  }

  // Frames past the stream's end are dropped.
  absl::Status Give(std::vector<Image> depths, std::vector<DepthResult>* done) {
    for (Image& depth : depths) {
      if (given_ == pushed_) break;
      DepthResult result;
      result.frame = first_ + given_++;
      result.inverse_depth = std::move(depth);
      done->push_back(std::move(result));
    }
    return absl::OkStatus();
  }

  const VideoDepthAnything net_;
  const std::string file_;
  const ParameterPlace place_;
  const std::string id_;
  DepthPlan plan_;
  bool begun_ = false;
  int64_t first_ = 0;                     // the stream's first frame
  int64_t pushed_ = 0;                    // frames
  int64_t windows_ = 0;                   // that were run
  int64_t given_ = 0;                     // frames
  std::map<int64_t, at::Tensor> frames_;  // by their place in the stream: what windows will look at
  VideoStitcher stitcher_;
};

// `load`: the network from an open file and a place.
template <typename Estimator, typename Load>
absl::StatusOr<std::unique_ptr<DepthEstimator>> LoadEstimator(const std::filesystem::path& file,
                                                              const std::string& device,
                                                              bool in_bfloat16,
                                                              const std::string& id,
                                                              const Load& load) {
  SF_ASSIGN_OR_RETURN(const c10::Device where, FindTorchDevice(device));
  SF_ASSIGN_OR_RETURN(const std::string hash, Sha256OfFile(file));
  SF_ASSIGN_OR_RETURN(const std::shared_ptr<const WeightFile> weights, WeightFile::Open(file));
  KeepTensorMemory();
  // Devices multiply half precision several times as fast.
  const ParameterPlace place = {where, in_bfloat16      ? at::kBFloat16
                                       : where.is_cpu() ? at::kFloat
                                                        : at::kHalf};
  std::unique_ptr<DepthEstimator> estimator;
  SF_RETURN_IF_ERROR(GuardTorch(file.string(), "the weights can't be used", [&]() -> absl::Status {
    const c10::InferenceMode no_gradients;
    SF_ASSIGN_OR_RETURN(auto net, load(weights, place));
    estimator = std::make_unique<Estimator>(
        std::move(net), file.string(), place,
        absl::StrFormat("%s%s:%s", id, in_bfloat16 ? "+bfloat16" : "", hash.substr(0, 16)));
    return absl::OkStatus();
  }));
  return estimator;
}

}  // namespace

absl::StatusOr<std::unique_ptr<DepthEstimator>> LoadDepthAnythingEstimator(
    const std::filesystem::path& file, const std::string& device, bool in_bfloat16) {
  return LoadEstimator<DepthAnythingEstimator>(
      file, device, in_bfloat16, "depth-anything-v2/2",
      [](const auto& weights, const ParameterPlace& place) {
        return LoadDepthAnythingV2(weights, place);
      });
}

absl::StatusOr<std::unique_ptr<DepthEstimator>> LoadVideoDepthAnythingEstimator(
    const std::filesystem::path& file, const std::string& device, bool in_bfloat16) {
  return LoadEstimator<VideoDepthAnythingEstimator>(
      file, device, in_bfloat16, "video-depth-anything/2",
      [](const auto& weights, const ParameterPlace& place) {
        return LoadVideoDepthAnything(weights, place);
      });
}

}  // namespace stereofarm
