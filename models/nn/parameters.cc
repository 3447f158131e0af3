#include "models/nn/parameters.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>

#include <cstring>
#include <utility>

#include "absl/strings/str_format.h"

namespace stereofarm {
namespace {

std::string ShapeText(const std::vector<int64_t>& shape) {
  std::string text = "[";
  for (const int64_t size : shape) {
    text += absl::StrFormat("%s%d", text.size() > 1 ? ", " : "", size);
  }
  return text + "]";
}

bool TorchType(ElementType type, at::ScalarType* out) {
  switch (type) {
    case ElementType::kF16:
      *out = at::kHalf;
      return true;
    case ElementType::kBF16:
      *out = at::kBFloat16;
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

// Values of the file as float32, away from its mapping: a file that is cut short or whose disk goes
// away mustn't end the process in the middle of a film.
at::Tensor Copied(const StoredTensor& stored, at::ScalarType type) {
  const int64_t bytes = static_cast<int64_t>(stored.data.size());
  at::Tensor raw = at::empty({bytes / ElementBytes(stored.type)}, at::TensorOptions(type));
  if (bytes > 0) std::memcpy(raw.mutable_data_ptr(), stored.data.data(), stored.data.size());
  return raw.as_strided(stored.shape, stored.strides).to(at::kFloat).contiguous();
}

}  // namespace

Parameters::Parameters(std::shared_ptr<const WeightFile> file, const ParameterPlace& place,
                       Spelling spelling)
    : file_(std::move(file)), place_(place), spelling_(std::move(spelling)) {}

std::vector<std::string> Parameters::Spelt(const std::string& name) const {
  return spelling_ ? spelling_(name) : std::vector<std::string>{name};
}

const StoredTensor* Parameters::Find(const std::string& file_name) const {
  const auto found = file_->tensors().find(file_name);
  return found == file_->tensors().end() ? nullptr : &found->second;
}

void Parameters::Fail(const std::string& file_name, const std::string& what) {
  if (error_.empty()) {
    error_ = absl::StrFormat("%s: the tensor %s %s", file_->path().string(), file_name, what);
  }
}

std::string Parameters::Metadata(const std::string& key) const {
  const auto found = file_->metadata().find(key);
  return found == file_->metadata().end() ? "" : found->second;
}

bool Parameters::Has(const std::string& name) const { return Find(Spelt(name).front()) != nullptr; }

int64_t Parameters::SizeOf(const std::string& name, size_t dim) const {
  int64_t size = 0;
  for (const std::string& part : Spelt(name)) {
    const StoredTensor* stored = Find(part);
    if (stored == nullptr || dim >= stored->shape.size()) return 0;
    size = dim == 0 ? size + stored->shape[dim] : stored->shape[dim];
  }
  return size;
}

at::Tensor Parameters::Take(const std::string& name, const std::vector<int64_t>& shape) {
  const std::vector<std::string> parts = Spelt(name);
  std::vector<int64_t> wanted = shape;
  if (parts.size() > 1) wanted[0] /= static_cast<int64_t>(parts.size());
  std::vector<at::Tensor> taken;
  for (const std::string& part : parts) {
    used_.insert(part);
    const StoredTensor* stored = Find(part);
    at::ScalarType type;
    if (stored == nullptr) {
      Fail(part, "is missing; the file isn't one of this network");
    } else if (stored->shape != wanted) {
      Fail(part, absl::StrFormat("has the shape %s; the network wants %s", ShapeText(stored->shape),
                                 ShapeText(wanted)));
    } else if (!TorchType(stored->type, &type)) {
      Fail(part, absl::StrFormat("is of type %s; the network wants floating point numbers",
                                 std::string(ElementTypeName(stored->type))));
    } else {
      taken.push_back(Copied(*stored, type));
    }
  }
  if (!error_.empty()) return at::empty({0});
  return (taken.size() == 1 ? taken[0] : at::cat(taken)).to(place_.device, place_.type);
}

void Parameters::Ignore(const std::string& prefix) {
  for (const std::string& part : Spelt(prefix)) ignored_.push_back(part);
}

absl::Status Parameters::Finish() const {
  if (!error_.empty()) return absl::InvalidArgumentError(error_);
  for (const auto& [name, stored] : file_->tensors()) {
    if (used_.contains(name)) continue;
    bool ignored = false;
    for (const std::string& prefix : ignored_) ignored = ignored || name.starts_with(prefix);
    if (!ignored) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "%s: the tensor %s is none of this network's; the file is one of another network",
          file_->path().string(), name));
    }
  }
  return absl::OkStatus();
}

}  // namespace stereofarm
