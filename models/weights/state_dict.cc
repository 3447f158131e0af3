#include "models/weights/state_dict.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"
#include "models/weights/quoted.h"

namespace stereofarm {
namespace {

using Kind = PickledValue::Kind;

constexpr std::string_view kNestedNames[] = {"state_dict", "model_state_dict", "model"};
constexpr std::string_view kParallelPrefix = "module.";

// Finds the state dict in what was saved, and its tensors' places.
class StateDictReader {
 public:
  explicit StateDictReader(const SavedObject& saved) : saved_(saved) {}

  absl::StatusOr<StoredTensors> Read() const {
    const std::vector<uint32_t>* items = FindStateDict();
    if (items == nullptr) {
      return absl::InvalidArgumentError(
          "it holds no state dict, a dictionary of tensors by name, as model.state_dict() gives "
          "it");
    }
    const bool prefixed = EveryNameBegins(*items, kParallelPrefix);
    StoredTensors stored;
    for (size_t i = 0; i + 1 < items->size(); i += 2) {
      const PickledValue& key = At((*items)[i]);
      const PickledValue& value = At((*items)[i + 1]);
      if (key.kind != Kind::kText || value.kind != Kind::kTensor) continue;
      const std::string name(prefixed ? key.text.substr(kParallelPrefix.size()) : key.text);
      SF_ASSIGN_OR_RETURN(StoredTensor tensor, ReadTensor(name, value));
      if (!stored.tensors.emplace(name, std::move(tensor)).second) {
        return Wrong(name, "stands there twice");
      }
      if (stored.tensors.size() > kMaxTensors) {
        return absl::InvalidArgumentError(
            absl::StrFormat("it holds more than %d tensors", kMaxTensors));
      }
    }
    return stored;
  }

 private:
  const PickledValue& At(uint32_t id) const { return saved_.pickle.values[id]; }

  static absl::Status Wrong(const std::string& name, const std::string& what) {
    return absl::InvalidArgumentError(absl::StrFormat("the tensor %s %s", Quoted(name), what));
  }

  bool HoldsTensors(const PickledValue& dict) const {
    for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
      if (At(dict.items[i]).kind == Kind::kText && At(dict.items[i + 1]).kind == Kind::kTensor) {
        return true;
      }
    }
    return false;
  }

  const std::vector<uint32_t>* FindStateDict() const {
    const PickledValue& root = At(saved_.pickle.root);
    if (root.kind != Kind::kDict) return nullptr;
    if (HoldsTensors(root)) return &root.items;
    for (const std::string_view wanted : kNestedNames) {
      for (size_t i = 0; i + 1 < root.items.size(); i += 2) {
        const PickledValue& key = At(root.items[i]);
        const PickledValue& value = At(root.items[i + 1]);
        if (key.kind == Kind::kText && key.text == wanted && value.kind == Kind::kDict &&
            HoldsTensors(value)) {
          return &value.items;
        }
      }
    }
    return nullptr;
  }

  bool EveryNameBegins(const std::vector<uint32_t>& items, std::string_view prefix) const {
    for (size_t i = 0; i + 1 < items.size(); i += 2) {
      const PickledValue& key = At(items[i]);
      if (key.kind == Kind::kText && At(items[i + 1]).kind == Kind::kTensor &&
          !key.text.starts_with(prefix)) {
        return false;
      }
    }
    return true;
  }

  std::vector<int64_t> Numbers(uint32_t tuple) const {
    std::vector<int64_t> numbers;
    for (const uint32_t item : At(tuple).items) numbers.push_back(At(item).number);
    return numbers;
  }

  absl::StatusOr<StoredTensor> ReadTensor(const std::string& name,
                                          const PickledValue& value) const {
    const PickledValue& storage = At(value.items[0]);
    const std::span<const std::byte> content = saved_.storages.at(storage.text);
    const int64_t width = ElementBytes(storage.type);
    const auto held = static_cast<int64_t>(content.size()) / width;
    if (static_cast<int64_t>(content.size()) % width != 0 || storage.number != held) {
      return Wrong(name, absl::StrFormat("needs a storage of %d elements of %s, and that has %d "
                                         "bytes: the file is damaged",
                                         storage.number, std::string(ElementTypeName(storage.type)),
                                         content.size()));
    }
    StoredTensor tensor{storage.type, Numbers(value.items[2]), Numbers(value.items[3]), {}};
    const std::optional<int64_t> count = CountElements(tensor.shape, tensor.type);
    if (!count) return Wrong(name, "has a shape that no file can hold");
    if (tensor.strides.size() != tensor.shape.size()) {
      return Wrong(name, "has not as many strides as dimensions");
    }
    const int64_t begin = At(value.items[1]).number;
    const std::optional<int64_t> reach = Reach(tensor);
    if (!reach || begin < 0 || begin > held || *reach > held - begin) {
      return Wrong(name, "reaches beyond its storage");
    }
    // As far as its strides step over values twice, a copy would be larger than the file.
    if (*count > held) return Wrong(name, "repeats its values; save a contiguous copy");
    tensor.data =
        content.subspan(static_cast<size_t>(begin * width), static_cast<size_t>(*reach * width));
    return tensor;
  }

  // How many elements lie from a tensor's first to its last; nullopt where a stride is negative or
  // that is more than an int64_t counts.
  static std::optional<int64_t> Reach(const StoredTensor& tensor) {
    int64_t last = 0;
    bool empty = false;
    for (size_t i = 0; i < tensor.shape.size(); ++i) {
      if (tensor.strides[i] < 0) return std::nullopt;
      if (tensor.shape[i] == 0) empty = true;
    }
    if (empty) return 0;
    for (size_t i = 0; i < tensor.shape.size(); ++i) {
      int64_t step = 0;
      if (__builtin_mul_overflow(tensor.shape[i] - 1, tensor.strides[i], &step) ||
          __builtin_add_overflow(last, step, &last)) {
        return std::nullopt;
      }
    }
    if (__builtin_add_overflow(last, 1, &last)) return std::nullopt;
    return last;
  }

  const SavedObject& saved_;
};

}  // namespace

absl::StatusOr<StoredTensors> ReadStateDict(const SavedObject& saved) {
  return StateDictReader(saved).Read();
}

}  // namespace stereofarm
