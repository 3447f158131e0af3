#include "models/depth/torchscript_estimator.h"

#include <ATen/Parallel.h>
#include <torch/script.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/base/hash.h"
#include "models/depth/batched_estimator.h"
#include "models/nn/torch_calls.h"

namespace stereofarm {
namespace {

struct ModuleSettings {
  std::array<float, 3> mean = {0.485f, 0.456f, 0.406f};
  std::array<float, 3> deviation = {0.229f, 0.224f, 0.225f};
  int64_t size = 518;
  int64_t multiple = 14;
  int64_t batch = 1;
  bool metric = false;
};

absl::Status BadAttribute(const std::string& file, const char* name, const char* wanted) {
  return absl::InvalidArgumentError(
      absl::StrFormat("%s: the module's attribute %s must be %s", file, name, wanted));
}

absl::Status ReadThree(const torch::jit::Module& module, const std::string& file, const char* name,
                       bool positive, std::array<float, 3>* out) {
  if (!module.hasattr(name)) return absl::OkStatus();
  const c10::IValue value = module.attr(name);
  std::vector<double> numbers;
  if (value.isDoubleList()) {
    numbers = value.toDoubleVector();
  } else if (value.isTensor()) {
    const at::Tensor flat = value.toTensor().to(at::kCPU, at::kDouble).contiguous().flatten();
    numbers.assign(flat.const_data_ptr<double>(), flat.const_data_ptr<double>() + flat.numel());
  }
  if (numbers.size() != 3 || std::any_of(numbers.begin(), numbers.end(), [&](double v) {
        return !std::isfinite(v) || (positive && v <= 0);
      })) {
    return BadAttribute(file, name, positive ? "three positive floats" : "three floats");
  }
  std::copy(numbers.begin(), numbers.end(), out->begin());
  return absl::OkStatus();
}

absl::Status ReadNumber(const torch::jit::Module& module, const std::string& file, const char* name,
                        int64_t most, int64_t* out) {
  if (!module.hasattr(name)) return absl::OkStatus();
  const c10::IValue value = module.attr(name);
  if (!value.isInt() || value.toInt() < 1 || value.toInt() > most) {
    return BadAttribute(file, name, absl::StrFormat("an int from 1 to %d", most).c_str());
  }
  *out = value.toInt();
  return absl::OkStatus();
}

absl::StatusOr<ModuleSettings> ReadSettings(const torch::jit::Module& module,
                                            const std::string& file) {
  ModuleSettings s;
  SF_RETURN_IF_ERROR(ReadThree(module, file, "stereofarm_mean", false, &s.mean));
  SF_RETURN_IF_ERROR(ReadThree(module, file, "stereofarm_std", true, &s.deviation));
  SF_RETURN_IF_ERROR(ReadNumber(module, file, "stereofarm_size", 8192, &s.size));
  SF_RETURN_IF_ERROR(ReadNumber(module, file, "stereofarm_multiple", 1024, &s.multiple));
  SF_RETURN_IF_ERROR(ReadNumber(module, file, "stereofarm_batch", 64, &s.batch));
  if (module.hasattr("stereofarm_metric")) {
    const c10::IValue value = module.attr("stereofarm_metric");
    if (!value.isBool()) return BadAttribute(file, "stereofarm_metric", "a bool");
    s.metric = value.toBool();
  }
  return s;
}

class TorchscriptEstimator : public BatchedEstimator {
 public:
  TorchscriptEstimator(torch::jit::Module module, const ModuleSettings& settings, std::string file,
                       c10::Device device, int threads, std::string id)
      : BatchedEstimator(std::move(file), settings.batch),
        module_(std::move(module)),
        settings_(settings),
        device_(device),
        threads_(threads),
        id_(std::move(id)) {}

  absl::StatusOr<DepthPlan> Plan(ImageSize picture) const override {
    if (picture.width < 1 || picture.height < 1) {
      return absl::InvalidArgumentError(absl::StrFormat("%s: a picture of %d x %d has no depth",
                                                        source(), picture.width, picture.height));
    }
    const double scale =
        static_cast<double>(settings_.size) / std::min(picture.width, picture.height);
    DepthPlan plan;
    plan.input = {Rounded(picture.width * scale), Rounded(picture.height * scale)};
    if (static_cast<int64_t>(plan.input.width) * plan.input.height > 64'000'000) {
      return absl::InvalidArgumentError(
          absl::StrFormat("%s: a picture of %d x %d is too long and narrow for stereofarm_size %d",
                          source(), picture.width, picture.height, settings_.size));
    }
    plan.output = plan.input;
    plan.metric = settings_.metric;
    return plan;
  }

  std::string Id() const override { return id_; }

 private:
  int Rounded(double side) const {
    const double multiple = static_cast<double>(settings_.multiple);
    return static_cast<int>(std::max(1.0, std::round(side / multiple)) * multiple);
  }

  at::Tensor Prepare(const Image& rgb) const override {
    at::Tensor prepared = at::empty({3, rgb.height(), rgb.width()}, at::kFloat);
    float* out = prepared.mutable_data_ptr<float>();
    for (int c = 0; c < 3; ++c) {
      const float mean = settings_.mean[static_cast<size_t>(c)];
      const float scale = 1 / settings_.deviation[static_cast<size_t>(c)];
      for (int y = 0; y < rgb.height(); ++y) {
        const float* in = rgb.Row(c, y);
        for (int x = 0; x < rgb.width(); ++x) *out++ = (in[x] - mean) * scale;
      }
    }
    return prepared;
  }

  absl::StatusOr<at::Tensor> Infer(const at::Tensor& frames) override {
    at::set_num_threads(threads_);
    // The optimising executor changes its kernels after the first calls: other numbers.
    torch::jit::GraphOptimizerEnabledGuard as_written(false);
    return Checked(module_.forward({frames.to(device_)}));
  }

  // Brings what the module returned to [B, h, w] float32 on the CPU at `output` size.
  absl::StatusOr<at::Tensor> Checked(const c10::IValue& value) const {
    const int64_t b = batch();
    at::Tensor depth;
    if (value.isTensor()) depth = value.toTensor();
    if (depth.defined() && depth.dim() == 4 && depth.size(1) == 1) depth = depth.squeeze(1);
    if (!depth.defined() || depth.dim() != 3 || depth.size(0) != b || depth.numel() == 0 ||
        !depth.is_floating_point()) {
      std::string got = "no tensor";
      if (value.isTensor()) {
        const at::Tensor& t = value.toTensor();
        got = absl::StrFormat("%s [", c10::toString(t.scalar_type()));
        for (int64_t i = 0; i < t.dim(); ++i) {
          got += absl::StrFormat("%s%d", i == 0 ? "" : ", ", t.size(i));
        }
        got += "]";
      }
      return absl::InvalidArgumentError(
          absl::StrFormat("%s: the module returned %s; a floating point tensor [%d, H, W] or "
                          "[%d, 1, H, W] is wanted",
                          source(), got, b, b));
    }
    depth = depth.to(at::kCPU, at::kFloat);
    if (depth.size(1) != plan().output.height || depth.size(2) != plan().output.width) {
      depth = at::upsample_bilinear2d(depth.unsqueeze(1),
                                      {plan().output.height, plan().output.width}, false)
                  .squeeze(1);
    }
    return depth.contiguous();
  }

  torch::jit::Module module_;
  ModuleSettings settings_;
  c10::Device device_;
  int threads_;
  std::string id_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<DepthEstimator>> LoadTorchscriptEstimator(const std::string& file,
                                                                         const std::string& device,
                                                                         int threads) {
  SF_ASSIGN_OR_RETURN(const c10::Device where, FindTorchDevice(device));
  SF_ASSIGN_OR_RETURN(const std::string hash, Sha256OfFile(file));
  at::globalContext().setDeterministicCuDNN(true);
  at::globalContext().setBenchmarkCuDNN(false);
  std::unique_ptr<DepthEstimator> estimator;
  SF_RETURN_IF_ERROR(
      GuardTorch(file, "cannot be loaded as a TorchScript module", [&]() -> absl::Status {
        torch::jit::Module module = torch::jit::load(file, where);
        module.eval();
        if (!module.find_method("forward")) {
          return absl::InvalidArgumentError(
              absl::StrFormat("%s: the module has no method forward", file));
        }
        SF_ASSIGN_OR_RETURN(const ModuleSettings settings, ReadSettings(module, file));
        estimator = std::make_unique<TorchscriptEstimator>(
            std::move(module), settings, file, where, std::max(1, threads),
            absl::StrFormat("torchscript/1:%s", hash.substr(0, 16)));
        return absl::OkStatus();
      }));
  return estimator;
}

}  // namespace stereofarm
