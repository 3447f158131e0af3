#include "models/weights/pickle.h"

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "absl/strings/str_format.h"
#include "models/weights/byte_cursor.h"
#include "models/weights/quoted.h"

namespace stereofarm {
namespace {

using Kind = PickledValue::Kind;

struct StorageClass {
  std::string_view name;
  ElementType type;
};

constexpr StorageClass kStorageClasses[] = {
    {"BoolStorage", ElementType::kBool}, {"ByteStorage", ElementType::kU8},
    {"CharStorage", ElementType::kI8},   {"ShortStorage", ElementType::kI16},
    {"IntStorage", ElementType::kI32},   {"LongStorage", ElementType::kI64},
    {"HalfStorage", ElementType::kF16},  {"BFloat16Storage", ElementType::kBF16},
    {"FloatStorage", ElementType::kF32}, {"DoubleStorage", ElementType::kF64},
};

absl::Status Damaged(const std::string& what) {
  return absl::InvalidArgumentError("its pickle is damaged: " + what);
}

absl::Status Refused(const std::string& what) {
  return absl::InvalidArgumentError(
      what +
      ", which is no part of a state dict; since a pickle can run any program, nothing but "
      "tensors, "
      "numbers, texts, lists and dictionaries is taken from it: save the state dict alone, best as "
      "safetensors");
}

// The machine that a pickle is a program for.
class Unpickler {
 public:
  explicit Unpickler(std::span<const std::byte> bytes) : cursor_(bytes) {}

  absl::StatusOr<Pickle> Run() {
    while (true) {
      uint8_t code = 0;
      if (!cursor_.Read(&code)) return CutOff();
      if (code == '.') break;
      SF_RETURN_IF_ERROR(Step(code));
      if (std::max({pickle_.values.size(), stack_.size(), marks_.size(), memo_.size()}) >
          kMaxPickledValues) {
        return absl::InvalidArgumentError(
            absl::StrFormat("its pickle has more than %d values", kMaxPickledValues));
      }
    }
    if (stack_.empty() || !marks_.empty()) return Damaged("it ends within a value");
    pickle_.root = stack_.back();
    pickle_.length = cursor_.position();
    return std::move(pickle_);
  }

 private:
  // What an opcode does to the machine.
  absl::Status Step(uint8_t code) {
    switch (code) {
      case 0x80: {  // PROTO
        uint8_t protocol = 0;
        if (!cursor_.Read(&protocol)) return CutOff();
        if (protocol < 2 || protocol > 5) {
          return absl::InvalidArgumentError(
              absl::StrFormat("its pickle is of protocol %d, and 2 to 5 are read", protocol));
        }
        return absl::OkStatus();
      }
      case 0x95:  // FRAME
        return cursor_.Skip(8) ? absl::OkStatus() : CutOff();
      case '(':  // MARK
        marks_.push_back(stack_.size());
        return absl::OkStatus();
      case '0':  // POP
        return PopOne();
      case '1': {  // POP_MARK
        std::vector<uint32_t> dropped;
        return TakeToMark(&dropped);
      }
      case '2':  // DUP
        if (Top() == nullptr) return Underflow();
        stack_.push_back(stack_.back());
        return absl::OkStatus();

      case 'N':  // NONE
        return Push({.kind = Kind::kNone});
      case 0x88:  // NEWTRUE
        return Push({.kind = Kind::kBool, .number = 1});
      case 0x89:  // NEWFALSE
        return Push({.kind = Kind::kBool, .number = 0});
      case 'K':  // BININT1
        return PushInteger<uint8_t>();
      case 'M':  // BININT2
        return PushInteger<uint16_t>();
      case 'J':  // BININT, the one that has a sign
        return PushSigned32();
      case 0x8a:  // LONG1
        return PushLong();
      case 'G':  // BINFLOAT
        return cursor_.Skip(8) ? Push({.kind = Kind::kFloat}) : CutOff();

      case 'U':   // SHORT_BINSTRING
      case 'C':   // SHORT_BINBYTES
      case 0x8c:  // SHORT_BINUNICODE
        return PushText<uint8_t>();
      case 'T':  // BINSTRING
      case 'B':  // BINBYTES
      case 'X':  // BINUNICODE
        return PushText<uint32_t>();
      case 0x8d:  // BINUNICODE8
      case 0x8e:  // BINBYTES8
        return PushText<uint64_t>();

      case ')':  // EMPTY_TUPLE
        return Push({.kind = Kind::kTuple});
      case 0x85:  // TUPLE1
      case 0x86:  // TUPLE2
      case 0x87:  // TUPLE3
        return PushTuple(code - 0x84u);
      case 't':  // TUPLE
        return PushFromMark(Kind::kTuple);
      case ']':  // EMPTY_LIST
        return Push({.kind = Kind::kList});
      case 'l':  // LIST
        return PushFromMark(Kind::kList);
      case '}':  // EMPTY_DICT
        return Push({.kind = Kind::kDict});
      case 'd':  // DICT
        return PushFromMark(Kind::kDict);
      case 'a':  // APPEND
        return Add(Kind::kList, 1);
      case 's':  // SETITEM
        return Add(Kind::kDict, 2);
      case 'e':  // APPENDS
        return AddFromMark(Kind::kList);
      case 'u':  // SETITEMS
        return AddFromMark(Kind::kDict);

      case 'q':  // BINPUT
        return Put<uint8_t>();
      case 'r':  // LONG_BINPUT
        return Put<uint32_t>();
      case 0x94:  // MEMOIZE
        return PutAt(static_cast<uint32_t>(memo_.size()));
      case 'h':  // BINGET
        return Get<uint8_t>();
      case 'j':  // LONG_BINGET
        return Get<uint32_t>();

      case 'c': {  // GLOBAL
        std::string_view module, name;
        if (!cursor_.TakeLine(&module) || !cursor_.TakeLine(&name)) return CutOff();
        return PushGlobal(module, name);
      }
      case 0x93: {  // STACK_GLOBAL
        std::vector<uint32_t> names;
        SF_RETURN_IF_ERROR(TakeTop(2, &names));
        if (At(names[0]).kind != Kind::kText || At(names[1]).kind != Kind::kText) {
          return Damaged("a function's name is no text");
        }
        return PushGlobal(At(names[0]).text, At(names[1]).text);
      }
      case 'Q':  // BINPERSID
        return PushStorage();
      case 'R':  // REDUCE
        return Call();
      case 'b':  // BUILD
        return Build();
      case 0x81:  // NEWOBJ
      case 0x92:  // NEWOBJ_EX
      case 'i':   // INST
      case 'o':   // OBJ
        return Refused("it makes an object of a class");
      default:
        return Refused(absl::StrFormat("it uses the pickle opcode 0x%02x", code));
    }
  }

  static absl::Status CutOff() { return Damaged("it is cut off"); }
  static absl::Status Underflow() { return Damaged("it takes a value where none is"); }

  const PickledValue& At(uint32_t id) const { return pickle_.values[id]; }

  // Where values may be taken from: above the last mark.
  size_t Floor() const { return marks_.empty() ? 0 : marks_.back(); }

  PickledValue* Top() { return stack_.size() > Floor() ? &pickle_.values[stack_.back()] : nullptr; }

  absl::Status Push(PickledValue value) {
    stack_.push_back(static_cast<uint32_t>(pickle_.values.size()));
    pickle_.values.push_back(std::move(value));
    return absl::OkStatus();
  }

  absl::Status PopOne() {
    // The mark itself, where nothing lies above it, as Python does.
    if (Top() != nullptr) {
      stack_.pop_back();
    } else if (!marks_.empty()) {
      marks_.pop_back();
    } else {
      return Underflow();
    }
    return absl::OkStatus();
  }

  absl::Status TakeTop(size_t count, std::vector<uint32_t>* taken) {
    if (stack_.size() - Floor() < count) return Underflow();
    taken->assign(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
    stack_.resize(stack_.size() - count);
    return absl::OkStatus();
  }

  absl::Status TakeToMark(std::vector<uint32_t>* taken) {
    if (marks_.empty()) return Underflow();
    SF_RETURN_IF_ERROR(TakeTop(stack_.size() - marks_.back(), taken));
    marks_.pop_back();
    return absl::OkStatus();
  }

  template <typename T>
  absl::Status PushInteger() {
    T value = 0;
    if (!cursor_.Read(&value)) return CutOff();
    return Push({.kind = Kind::kInt, .number = static_cast<int64_t>(value)});
  }

  absl::Status PushSigned32() {
    uint32_t value = 0;
    if (!cursor_.Read(&value)) return CutOff();
    return Push({.kind = Kind::kInt, .number = static_cast<int32_t>(value)});
  }

  // Two's complement of as many bytes as stand before it.
  absl::Status PushLong() {
    uint8_t count = 0;
    std::span<const std::byte> bytes;
    if (!cursor_.Read(&count) || !cursor_.Take(count, &bytes)) return CutOff();
    if (count > 8) return Refused("it holds an integer of more than 64 bits");
    uint64_t value = 0;
    for (size_t i = 0; i < count; ++i) value |= std::to_integer<uint64_t>(bytes[i]) << (8 * i);
    if (count > 0 && count < 8 && (value >> (8 * count - 1)) != 0) value |= ~0ull << (8 * count);
    return Push({.kind = Kind::kInt, .number = static_cast<int64_t>(value)});
  }

  template <typename Length>
  absl::Status PushText() {
    Length length = 0;
    PickledValue value{.kind = Kind::kText};
    if (!cursor_.Read(&length) || !cursor_.TakeText(length, &value.text)) return CutOff();
    return Push(std::move(value));
  }

  absl::Status PushTuple(size_t count) {
    PickledValue value{.kind = Kind::kTuple};
    SF_RETURN_IF_ERROR(TakeTop(count, &value.items));
    return Push(std::move(value));
  }

  absl::Status PushFromMark(Kind kind) {
    PickledValue value{.kind = kind};
    SF_RETURN_IF_ERROR(TakeToMark(&value.items));
    if (kind == Kind::kDict && value.items.size() % 2 != 0) return OddDict();
    return Push(std::move(value));
  }

  static absl::Status OddDict() { return Damaged("a key of a dictionary has no value"); }

  absl::Status Append(Kind kind, const std::vector<uint32_t>& items) {
    PickledValue* const top = Top();
    if (top == nullptr) return Underflow();
    if (top->kind != kind) return Damaged("it adds to what is no list or dictionary");
    if (kind == Kind::kDict && items.size() % 2 != 0) return OddDict();
    top->items.insert(top->items.end(), items.begin(), items.end());
    return absl::OkStatus();
  }

  absl::Status Add(Kind kind, size_t count) {
    std::vector<uint32_t> items;
    SF_RETURN_IF_ERROR(TakeTop(count, &items));
    return Append(kind, items);
  }

  absl::Status AddFromMark(Kind kind) {
    std::vector<uint32_t> items;
    SF_RETURN_IF_ERROR(TakeToMark(&items));
    return Append(kind, items);
  }

  template <typename Index>
  absl::Status Put() {
    Index index = 0;
    return cursor_.Read(&index) ? PutAt(index) : CutOff();
  }

  absl::Status PutAt(uint32_t index) {
    if (Top() == nullptr) return Underflow();
    memo_[index] = stack_.back();
    return absl::OkStatus();
  }

  template <typename Index>
  absl::Status Get() {
    Index index = 0;
    if (!cursor_.Read(&index)) return CutOff();
    const auto found = memo_.find(index);
    if (found == memo_.end()) return Damaged("it recalls a value that it hasn't kept");
    stack_.push_back(found->second);
    return absl::OkStatus();
  }

  absl::Status PushGlobal(std::string_view module, std::string_view name) {
    if (module == "collections" && name == "OrderedDict") {
      return Push({.kind = Kind::kOrderedDictClass});
    }
    if (module == "torch._utils" && name == "_rebuild_tensor_v2") {
      return Push({.kind = Kind::kRebuildTensor});
    }
    if (module == "torch._utils" && name == "_rebuild_parameter") {
      return Push({.kind = Kind::kRebuildParameter});
    }
    if (module == "torch") {
      for (const StorageClass& storage : kStorageClasses) {
        if (storage.name == name) return Push({.kind = Kind::kStorageClass, .type = storage.type});
      }
    }
    return Refused("it asks for " + Quoted(std::string(module.substr(0, 160)) + "." +
                                           std::string(name.substr(0, 160))));
  }

  // ('storage', class, key, place, number of elements), and in old files None at the end.
  absl::Status PushStorage() {
    std::vector<uint32_t> id;
    SF_RETURN_IF_ERROR(TakeTop(1, &id));
    const std::vector<uint32_t>& parts = At(id[0]).items;
    if (At(id[0]).kind != Kind::kTuple || parts.size() < 5 || parts.size() > 6 ||
        At(parts[0]).kind != Kind::kText || At(parts[0]).text != "storage" ||
        At(parts[1]).kind != Kind::kStorageClass || At(parts[2]).kind != Kind::kText ||
        At(parts[4]).kind != Kind::kInt || At(parts[4]).number < 0) {
      return Damaged("a storage isn't told as PyTorch tells it");
    }
    if (parts.size() == 6 && At(parts[5]).kind != Kind::kNone) {
      return Refused("it holds a storage that is a view of another");
    }
    return Push({.kind = Kind::kStorage,
                 .type = At(parts[1]).type,
                 .number = At(parts[4]).number,
                 .text = At(parts[2]).text});
  }

  // A tuple of no more integers than a tensor has dimensions.
  bool IsShape(uint32_t id) const {
    const PickledValue& value = At(id);
    return value.kind == Kind::kTuple && value.items.size() <= kMaxRank &&
           std::all_of(value.items.begin(), value.items.end(),
                       [this](uint32_t item) { return At(item).kind == Kind::kInt; });
  }

  // A function and the tuple of its arguments.
  absl::Status Call() {
    std::vector<uint32_t> call;
    SF_RETURN_IF_ERROR(TakeTop(2, &call));
    const std::vector<uint32_t>& given = At(call[1]).items;
    if (At(call[1]).kind != Kind::kTuple) return Damaged("a call's arguments are no tuple");
    switch (At(call[0]).kind) {
      case Kind::kOrderedDictClass:
        if (!given.empty()) return Damaged("an ordered dictionary isn't made empty");
        return Push({.kind = Kind::kDict});
      case Kind::kRebuildTensor: {
        // (storage, offset, sizes, strides, whether a gradient is wanted, hooks[, metadata])
        if (given.size() < 4 || At(given[0]).kind != Kind::kStorage ||
            At(given[1]).kind != Kind::kInt || !IsShape(given[2]) || !IsShape(given[3])) {
          return Damaged("a tensor isn't told as PyTorch tells it");
        }
        PickledValue tensor{.kind = Kind::kTensor};
        tensor.items.assign(given.begin(), given.begin() + 4);
        return Push(std::move(tensor));
      }
      case Kind::kRebuildParameter:
        // (tensor, whether a gradient is wanted, hooks): the tensor itself.
        if (given.empty() || At(given[0]).kind != Kind::kTensor) {
          return Damaged("a parameter holds no tensor");
        }
        stack_.push_back(given[0]);
        return absl::OkStatus();
      default:
        return Refused("it calls what is no function");
    }
  }

  // Attributes of a state dict (its _metadata, the versions of its modules) aren't kept.
  absl::Status Build() {
    std::vector<uint32_t> state;
    SF_RETURN_IF_ERROR(TakeTop(1, &state));
    if (Top() == nullptr) return Underflow();
    if (Top()->kind != Kind::kDict || At(state[0]).kind != Kind::kDict) {
      return Refused("it sets the attributes of an object");
    }
    return absl::OkStatus();
  }

  ByteCursor cursor_;
  Pickle pickle_;
  std::vector<uint32_t> stack_;  // into the values
  std::vector<size_t> marks_;    // heights of the stack
  std::unordered_map<uint32_t, uint32_t> memo_;
};

}  // namespace

absl::StatusOr<Pickle> ReadPickle(std::span<const std::byte> bytes) {
  return Unpickler(bytes.first(std::min(bytes.size(), kMaxPickleBytes))).Run();
}

}  // namespace stereofarm
