#include "models/depth/torchscript_estimator.h"

#include <ATen/Parallel.h>
#include <torch/cuda.h>
#include <torch/script.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <functional>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/base/hash.h"

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

// The sentence of a torch error that says what happened: of its last "...Error: ..." line, else of
// its first.
std::string ShortMessage(const std::string& text) {
  std::string chosen;
  size_t begin = 0;
  while (begin < text.size()) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    if (chosen.empty() || line.find("Error: ") != std::string::npos) chosen = line;
    begin = end + 1;
  }
  return chosen.substr(0, chosen.find(". "));
}

// Ends torch's exceptions: `work` runs, and what it throws becomes a status that names the file.
absl::Status Guarded(const std::string& file, const char* doing,
                     const std::function<absl::Status()>& work) {
  std::string text;
  bool memory = false;
  try {
    return work();
  } catch (const c10::OutOfMemoryError& e) {
    text = e.what_without_backtrace();
    memory = true;
  } catch (const c10::Error& e) {
    text = e.what_without_backtrace();
  } catch (const std::bad_alloc& e) {
    text = e.what();
    memory = true;
  } catch (const std::exception& e) {
    text = e.what();
  }
  // The interpreter passes errors on as plain text.
  memory = memory || text.find("out of memory") != std::string::npos ||
           text.find("can't allocate memory") != std::string::npos;
  const std::string message = absl::StrFormat("%s: %s: %s", file, doing, ShortMessage(text));
  return memory ? OutOfMemory(message) : absl::InvalidArgumentError(message);
}

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

absl::StatusOr<c10::Device> FindDevice(const std::string& name) {
  if (name == "cpu") return c10::Device(c10::kCPU);
  int index = -1;
  char rest = 0;
  if (std::sscanf(name.c_str(), "cuda:%d%c", &index, &rest) != 1 || index < 0 || index > 127) {
    return absl::InvalidArgumentError(
        absl::StrFormat("no device is called \"%s\"; known: cpu, cuda:N", name));
  }
  const int count = torch::cuda::is_available() ? static_cast<int>(torch::cuda::device_count()) : 0;
  if (index >= count) {
    return absl::UnavailableError(
        count == 0 ? absl::StrFormat("%s was asked for, but this machine and build have no CUDA "
                                     "device; use cpu",
                                     name)
                   : absl::StrFormat("%s was asked for, but this machine has %d CUDA devices", name,
                                     count));
  }
  return c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(index));
}

class TorchscriptEstimator : public DepthEstimator {
 public:
  TorchscriptEstimator(torch::jit::Module module, const ModuleSettings& settings, std::string file,
                       c10::Device device, int threads, std::string id)
      : module_(std::move(module)),
        settings_(settings),
        file_(std::move(file)),
        device_(device),
        threads_(threads),
        id_(std::move(id)) {}

  absl::StatusOr<DepthPlan> Plan(ImageSize picture) const override {
    if (picture.width < 1 || picture.height < 1) {
      return absl::InvalidArgumentError(absl::StrFormat("%s: a picture of %d x %d has no depth",
                                                        file_, picture.width, picture.height));
    }
    const double scale =
        static_cast<double>(settings_.size) / std::min(picture.width, picture.height);
    DepthPlan plan;
    plan.input = {Rounded(picture.width * scale), Rounded(picture.height * scale)};
    if (static_cast<int64_t>(plan.input.width) * plan.input.height > 64'000'000) {
      return absl::InvalidArgumentError(
          absl::StrFormat("%s: a picture of %d x %d is too long and narrow for stereofarm_size %d",
                          file_, picture.width, picture.height, settings_.size));
    }
    plan.output = plan.input;
    plan.metric = settings_.metric;
    return plan;
  }

  absl::Status Begin(ImageSize picture) override {
    SF_ASSIGN_OR_RETURN(plan_, Plan(picture));
    waiting_.clear();
    begun_ = true;
    return absl::OkStatus();
  }

  absl::Status Push(DepthInput frame, std::vector<DepthResult>* done) override {
    if (!begun_) return absl::InternalError("torchscript: a frame was pushed before Begin");
    if (ImageSize{frame.rgb.width(), frame.rgb.height()} != plan_.input ||
        frame.rgb.channels() < 3) {
      return absl::InternalError(absl::StrFormat(
          "torchscript: frame %d is %d x %d with %d channels instead of %d x %d with 3",
          frame.frame, frame.rgb.width(), frame.rgb.height(), frame.rgb.channels(),
          plan_.input.width, plan_.input.height));
    }
    if (!waiting_.empty() && frame.frame != waiting_.back().frame + 1) {
      return absl::InternalError(absl::StrFormat("torchscript: frame %d follows frame %d",
                                                 frame.frame, waiting_.back().frame));
    }
    waiting_.push_back(std::move(frame));
    return SlotOf(waiting_.back()) + 1 == settings_.batch ? Run(done) : absl::OkStatus();
  }

  absl::Status Finish(std::vector<DepthResult>* done) override {
    if (!begun_) return absl::InternalError("torchscript: Finish before Begin");
    begun_ = false;
    return waiting_.empty() ? absl::OkStatus() : Run(done);
  }

  std::string Id() const override { return id_; }

 private:
  int Rounded(double side) const {
    const double multiple = static_cast<double>(settings_.multiple);
    return static_cast<int>(std::max(1.0, std::round(side / multiple)) * multiple);
  }

  // A frame's place in its batch depends on its number alone.
  int64_t SlotOf(const DepthInput& frame) const { return frame.frame % settings_.batch; }

  // The normalised batch; places without a frame hold the nearest one.
  at::Tensor Batch() const {
    const int64_t b = settings_.batch, h = plan_.input.height, w = plan_.input.width;
    at::Tensor batch = at::empty({b, 3, h, w}, at::kFloat);
    float* out = batch.mutable_data_ptr<float>();
    const int64_t first = SlotOf(waiting_.front());
    for (int64_t slot = 0; slot < b; ++slot) {
      const int64_t nearest =
          std::clamp<int64_t>(slot - first, 0, static_cast<int64_t>(waiting_.size()) - 1);
      const Image& rgb = waiting_[static_cast<size_t>(nearest)].rgb;
      for (int c = 0; c < 3; ++c) {
        const float mean = settings_.mean[static_cast<size_t>(c)];
        const float scale = 1 / settings_.deviation[static_cast<size_t>(c)];
        for (int y = 0; y < rgb.height(); ++y) {
          const float* in = rgb.Row(c, y);
          for (int64_t x = 0; x < w; ++x) *out++ = (in[x] - mean) * scale;
        }
      }
    }
    return batch;
  }

  // Brings what the module returned to [B, h, w] float32 on the CPU at `output` size.
  absl::StatusOr<at::Tensor> Checked(const c10::IValue& value) const {
    const int64_t b = settings_.batch;
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
                          file_, got, b, b));
    }
    depth = depth.to(at::kCPU, at::kFloat);
    if (depth.size(1) != plan_.output.height || depth.size(2) != plan_.output.width) {
      depth = at::upsample_bilinear2d(depth.unsqueeze(1), {plan_.output.height, plan_.output.width},
                                      false)
                  .squeeze(1);
    }
    return depth.contiguous();
  }

  absl::Status Run(std::vector<DepthResult>* done) {
    const absl::Status status = Guarded(file_, "the module failed", [&]() -> absl::Status {
      at::set_num_threads(threads_);
      torch::NoGradGuard no_gradients;
      // The optimising executor changes its kernels after the first calls: other numbers.
      torch::jit::GraphOptimizerEnabledGuard as_written(false);
      SF_ASSIGN_OR_RETURN(const at::Tensor depth, Checked(module_.forward({Batch().to(device_)})));
      return HandOut(depth, done);
    });
    waiting_.clear();
    return status;
  }

  absl::Status HandOut(const at::Tensor& depth, std::vector<DepthResult>* done) const {
    const int w = plan_.output.width, h = plan_.output.height;
    const float* in = depth.const_data_ptr<float>() + SlotOf(waiting_.front()) * w * h;
    for (const DepthInput& frame : waiting_) {
      DepthResult result;
      result.frame = frame.frame;
      result.inverse_depth = Image(w, h, 1);
      for (int y = 0; y < h; ++y, in += w) {
        if (!std::all_of(in, in + w, [](float v) { return std::isfinite(v); })) {
          return absl::InvalidArgumentError(
              absl::StrFormat("%s: the module returned numbers that aren't finite for frame %d",
                              file_, frame.frame));
        }
        std::memcpy(result.inverse_depth.Row(0, y), in, sizeof(float) * static_cast<size_t>(w));
      }
      done->push_back(std::move(result));
    }
    return absl::OkStatus();
  }

  torch::jit::Module module_;
  ModuleSettings settings_;
  std::string file_;
  c10::Device device_;
  int threads_;
  std::string id_;
  DepthPlan plan_;
  bool begun_ = false;
  std::vector<DepthInput> waiting_;  // the batch that fills up; frames of one batch only
};

}  // namespace

absl::StatusOr<std::unique_ptr<DepthEstimator>> LoadTorchscriptEstimator(const std::string& file,
                                                                         const std::string& device,
                                                                         int threads) {
  SF_ASSIGN_OR_RETURN(const c10::Device where, FindDevice(device));
  SF_ASSIGN_OR_RETURN(const std::string hash, Sha256OfFile(file));
  at::globalContext().setDeterministicCuDNN(true);
  at::globalContext().setBenchmarkCuDNN(false);
  std::unique_ptr<DepthEstimator> estimator;
  SF_RETURN_IF_ERROR(
      Guarded(file, "cannot be loaded as a TorchScript module", [&]() -> absl::Status {
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
