#ifndef STEREOFARM_MODELS_WEIGHTS_PICKLE_H_
#define STEREOFARM_MODELS_WEIGHTS_PICKLE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "models/weights/stored_tensor.h"

namespace stereofarm {

// What is read of one pickle, in bytes and in values. A state dict of a thousand tensors takes some
// 300 kB and 30,000.
inline constexpr size_t kMaxPickleBytes = 32 << 20;
inline constexpr size_t kMaxPickledValues = 1 << 20;

// One value of a pickle.
struct PickledValue {
  enum class Kind {
    kNone,
    kBool,     // number
    kInt,      // number
    kFloat,    // its value isn't kept
    kText,     // text: a string or bytes
    kTuple,    // items
    kList,     // items
    kDict,     // items: key, value, key, value, ...
    kStorage,  // text: its key; type; number: how many elements
    kTensor,   // items: a storage, its offset there (an int), sizes and strides (tuples of ints)
    // Functions and classes that a state dict names; never part of one.
    kOrderedDictClass,
    kStorageClass,  // type
    kRebuildTensor,
    kRebuildParameter,
  };

  Kind kind = Kind::kNone;
  ElementType type = ElementType::kF32;
  int64_t number = 0;
  std::string_view text;        // in the pickle's bytes
  std::vector<uint32_t> items;  // into Pickle::values
};

// A pickle's values: a graph, in which one value may be part of several others and of itself, so
// nothing may follow it without counting.
struct Pickle {
  std::vector<PickledValue> values;
  uint32_t root = 0;
  size_t length = 0;  // bytes that it took
};

// Reads the pickle (protocols 2 to 5) at the beginning of `bytes`, which stay in use. A pickle is a
// program that may call any function of Python; here it can make nothing but numbers, texts, lists,
// tuples, dictionaries, and the tensors and storages of PyTorch. InvalidArgument for all else names
// what was asked for. Memory stays in proportion to the pickle's length.
absl::StatusOr<Pickle> ReadPickle(std::span<const std::byte> bytes);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_WEIGHTS_PICKLE_H_
