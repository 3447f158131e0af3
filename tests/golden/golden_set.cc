#include "tests/golden/golden_set.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>

#include "absl/strings/str_format.h"

namespace stereofarm {

namespace fs = std::filesystem;

namespace {

bool TypeOf(ElementType type, at::ScalarType* out) {
  switch (type) {
    case ElementType::kU8:
      *out = at::kByte;
      return true;
    case ElementType::kI32:
      *out = at::kInt;
      return true;
    case ElementType::kI64:
      *out = at::kLong;
      return true;
    case ElementType::kF16:
      *out = at::kHalf;
      return true;
    case ElementType::kF32:
      *out = at::kFloat;
      return true;
    case ElementType::kF64:
      *out = at::kDouble;
      return true;
    default:
      return false;
  }
}

}  // namespace

absl::StatusOr<GoldenTensors> GoldenTensors::Open(const fs::path& file) {
  SF_ASSIGN_OR_RETURN(std::shared_ptr<const WeightFile> opened, WeightFile::Open(file));
  return GoldenTensors(std::move(opened));
}

std::vector<std::string> GoldenTensors::Names() const {
  std::vector<std::string> names;
  for (const auto& [name, stored] : file_->tensors()) names.push_back(name);
  return names;
}

std::vector<int> GoldenTensors::Numbers(const std::string& before, const std::string& after) const {
  constexpr int kMost = 1000;
  std::vector<int> numbers;
  for (int i = 0; i < kMost; ++i) {
    if (Has(absl::StrFormat("%s%d%s", before, i, after))) numbers.push_back(i);
  }
  return numbers;
}

absl::StatusOr<at::Tensor> GoldenTensors::Get(const std::string& name) const {
  const auto found = file_->tensors().find(name);
  at::ScalarType type;
  if (found == file_->tensors().end() || !TypeOf(found->second.type, &type)) {
    return absl::NotFoundError(
        absl::StrFormat("%s: has no tensor %s that can be compared", file_->path().string(), name));
  }
  const StoredTensor& stored = found->second;
  at::Tensor tensor = at::empty(stored.shape, at::TensorOptions(type));
  if (!stored.data.empty()) {
    std::memcpy(tensor.mutable_data_ptr(), stored.data.data(), stored.data.size());
  }
  return tensor.to(at::kFloat);
}

std::optional<int> ConfigNumber(const GoldenRun& run, const std::string& pointer) {
  const nlohmann::json::json_pointer at(pointer);
  if (!run.config.contains(at) || !run.config.at(at).is_number_integer()) return std::nullopt;
  return run.config.at(at).get<int>();
}

absl::StatusOr<std::vector<GoldenRun>> FindGoldenRuns(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> tensors, weights;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const fs::path& file = entry.path();
    const std::string stem = file.stem().string(), kind = file.extension().string();
    if (kind != ".safetensors" && kind != ".pth" && kind != ".pt") continue;
    const bool is_io = stem == "io" || stem.starts_with("io_") || stem.ends_with("_io");
    (is_io ? tensors : weights).push_back(file);
  }
  if (error) {
    return absl::NotFoundError(
        absl::StrFormat("%s: can't be read as a folder: %s", folder.string(), error.message()));
  }
  if (tensors.empty()) {
    return absl::NotFoundError(absl::StrFormat(
        "%s: has no io.safetensors, io_NAME.safetensors or NAME_io.safetensors to compare with",
        folder.string()));
  }
  std::ranges::sort(tensors);
  std::ranges::sort(weights);
  nlohmann::json config;
  if (std::ifstream file(folder / "config.json"); file) {
    config = nlohmann::json::parse(file, nullptr, /*allow_exceptions=*/false);
    if (config.is_discarded()) {
      return absl::InvalidArgumentError((folder / "config.json").string() + ": is no JSON");
    }
  }
  const std::string title = fs::absolute(folder).lexically_normal().filename().string();
  std::vector<GoldenRun> runs;
  for (const fs::path& io : tensors) {
    const std::string stem = io.stem().string();
    const auto belongs = [&](const fs::path& file) {
      const std::string name = file.stem().string();
      if (stem == "io") return true;
      if (stem.starts_with("io_")) return name.ends_with(stem.substr(2));
      return name.starts_with(stem.substr(0, stem.size() - 3));
    };
    size_t found = 0;
    for (const fs::path& file : weights) {
      if (!belongs(file)) continue;
      ++found;
      runs.push_back({title + "/" + file.filename().string(), io, file, config, folder});
    }
    if (found == 0) runs.push_back({title + "/" + io.filename().string(), io, {}, config, folder});
  }
  return runs;
}

void Comparison::Add(const std::string& item, const std::string& tensor, const at::Tensor& got,
                     const at::Tensor& wanted) {
  at::Tensor mine = got.to(at::kCPU, at::kFloat);
  if (mine.dim() == wanted.dim() && mine.dim() > 1 && mine.size(1) > wanted.size(1)) {
    mine = mine.narrow(1, 0, wanted.size(1));
  }
  double error = std::numeric_limits<double>::infinity();
  if (mine.sizes() == wanted.sizes() && wanted.numel() > 0) {
    const double range = (wanted.max() - wanted.min()).item<double>();
    const double most = (mine - wanted).abs().max().item<double>();
    error = most == 0 ? 0 : most / (range > 0 ? range : 1);
    if (std::isnan(error)) error = std::numeric_limits<double>::infinity();
  }
  line_(item, tensor, error);
}

NetworkKind KindOf(const WeightFile& file) {
  const auto any = [&](const char* beginning) {
    const auto found = file.tensors().lower_bound(beginning);
    return found != file.tensors().end() && found->first.starts_with(beginning);
  };
  if (any("head.motion_modules.")) return NetworkKind::kVideoDepthAnything;
  if (any("depth_head.") || any("backbone.embeddings.")) return NetworkKind::kDepthAnythingV2;
  if (any("feature_encoder.") || any("fnet.") || any("module.fnet.")) return NetworkKind::kRaft;
  return NetworkKind::kUnknown;
}

absl::Status Check(const GoldenRun& run, Comparison* comparison) {
  SF_ASSIGN_OR_RETURN(const GoldenTensors golden, GoldenTensors::Open(run.tensors));
  if (run.weights.empty()) {
    if (!golden.Numbers("stitch", ".windows").empty())
      return CheckVideoStitching(run, golden, comparison);
    return absl::NotFoundError(
        absl::StrFormat("%s: no file of weights beside it belongs to it", run.tensors.string()));
  }
  SF_ASSIGN_OR_RETURN(const std::shared_ptr<const WeightFile> weights,
                      WeightFile::Open(run.weights));
  switch (KindOf(*weights)) {
    case NetworkKind::kDepthAnythingV2:
      return CheckDepthAnything(run, golden, weights, comparison);
    case NetworkKind::kVideoDepthAnything:
      return CheckVideoDepthAnything(run, golden, weights, comparison);
    case NetworkKind::kRaft:
      return CheckRaft(run, golden, weights, comparison);
    case NetworkKind::kUnknown:
      break;
  }
  return absl::UnimplementedError(
      absl::StrFormat("%s: holds no network that is known here", run.weights.string()));
}

}  // namespace stereofarm
