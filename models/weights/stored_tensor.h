#ifndef STEREOFARM_MODELS_WEIGHTS_STORED_TENSOR_H_
#define STEREOFARM_MODELS_WEIGHTS_STORED_TENSOR_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stereofarm {

// What the values of a tensor are; all little-endian.
enum class ElementType {
  kBool,
  kU8,
  kI8,
  kU16,
  kI16,
  kU32,
  kI32,
  kU64,
  kI64,
  kF16,
  kBF16,
  kF32,
  kF64,
  kF8E4M3,  // 4 bits of exponent, no infinities (PyTorch's float8_e4m3fn)
  kF8E5M2,
};

int ElementBytes(ElementType type);
// As safetensors spells it: "F32", "F8_E4M3".
std::string_view ElementTypeName(ElementType type);
std::optional<ElementType> ParseElementType(std::string_view name);

// A tensor as it lies in a file.
struct StoredTensor {
  ElementType type = ElementType::kF32;
  std::vector<int64_t> shape;    // none negative, at most kMaxRank of them; empty: a single value
  std::vector<int64_t> strides;  // in elements, one per dimension, none negative
  // From the first element to the end of the last: every element that shape and strides reach lies
  // in it; empty when the tensor has no elements. Not necessarily aligned to the element, since
  // neither format promises that: copy what isn't.
  std::span<const std::byte> data;
};

inline constexpr size_t kMaxRank = 64;
// More tensors in one file aren't read.
inline constexpr size_t kMaxTensors = 1 << 17;

// What a weight file holds, by name.
struct StoredTensors {
  std::map<std::string, StoredTensor> tensors;
  std::map<std::string, std::string> metadata;
};

// How many elements a shape has; nullopt for a negative dimension and where that many elements of
// `type` are more bytes than an int64_t counts. A dimension of 0 makes it 0, whatever the others.
std::optional<int64_t> CountElements(const std::vector<int64_t>& shape, ElementType type);

// The strides of a tensor whose last dimension lies together. `shape` has passed CountElements.
std::vector<int64_t> RowMajorStrides(const std::vector<int64_t>& shape);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_WEIGHTS_STORED_TENSOR_H_
