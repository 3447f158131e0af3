#include "models/weights/stored_tensor.h"

#include <limits>

namespace stereofarm {
namespace {

struct TypeFacts {
  ElementType type;
  std::string_view name;
  int bytes;
};

constexpr TypeFacts kTypes[] = {
    {ElementType::kBool, "BOOL", 1},      {ElementType::kU8, "U8", 1},
    {ElementType::kI8, "I8", 1},          {ElementType::kU16, "U16", 2},
    {ElementType::kI16, "I16", 2},        {ElementType::kU32, "U32", 4},
    {ElementType::kI32, "I32", 4},        {ElementType::kU64, "U64", 8},
    {ElementType::kI64, "I64", 8},        {ElementType::kF16, "F16", 2},
    {ElementType::kBF16, "BF16", 2},      {ElementType::kF32, "F32", 4},
    {ElementType::kF64, "F64", 8},        {ElementType::kF8E4M3, "F8_E4M3", 1},
    {ElementType::kF8E5M2, "F8_E5M2", 1},
};

// The table stands in the order of the enumeration.
constexpr const TypeFacts& FactsOf(ElementType type) { return kTypes[static_cast<int>(type)]; }
static_assert([] {
  for (int i = 0; i < static_cast<int>(std::size(kTypes)); ++i) {
    if (static_cast<int>(kTypes[i].type) != i) return false;
  }
  return kTypes[std::size(kTypes) - 1].type == ElementType::kF8E5M2;
}());

}  // namespace

int ElementBytes(ElementType type) { return FactsOf(type).bytes; }

std::string_view ElementTypeName(ElementType type) { return FactsOf(type).name; }

std::optional<ElementType> ParseElementType(std::string_view name) {
  for (const TypeFacts& facts : kTypes) {
    if (facts.name == name) return facts.type;
  }
  return std::nullopt;
}

std::optional<int64_t> CountElements(const std::vector<int64_t>& shape, ElementType type) {
  bool empty = false;
  for (const int64_t size : shape) {
    if (size < 0) return std::nullopt;
    empty = empty || size == 0;
  }
  if (empty) return 0;
  int64_t count = 1;
  for (const int64_t size : shape) {
    if (__builtin_mul_overflow(count, size, &count)) return std::nullopt;
  }
  if (count > std::numeric_limits<int64_t>::max() / ElementBytes(type)) return std::nullopt;
  return count;
}

std::vector<int64_t> RowMajorStrides(const std::vector<int64_t>& shape) {
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) {
    // Only a shape without elements can overflow here, and then no stride is ever used.
    if (__builtin_mul_overflow(strides[i], shape[i], &strides[i - 1])) strides[i - 1] = 0;
  }
  return strides;
}

}  // namespace stereofarm
