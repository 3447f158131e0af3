#include "models/weights/legacy_checkpoint.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_format.h"
#include "models/weights/byte_cursor.h"
#include "models/weights/quoted.h"

namespace stereofarm {
namespace {

using Kind = PickledValue::Kind;

// The integer 0x1950a86a20f9469cfc6c, pickled.
constexpr unsigned char kMagic[] = {0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46,
                                    0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, '.'};
constexpr int64_t kVersion = 1001;

// The next pickle, `what`.
absl::StatusOr<Pickle> NextPickle(std::span<const std::byte>* left, const char* what) {
  auto pickle = ReadPickle(*left);
  if (!pickle.ok()) return Annotate(pickle.status(), what);
  *left = left->subspan(pickle->length);
  return pickle;
}

const PickledValue& Root(const Pickle& pickle) { return pickle.values[pickle.root]; }

bool IsLittleEndian(const Pickle& machine) {
  const std::vector<uint32_t>& items = Root(machine).items;
  if (Root(machine).kind != Kind::kDict) return false;
  for (size_t i = 0; i + 1 < items.size(); i += 2) {
    const PickledValue& key = machine.values[items[i]];
    const PickledValue& value = machine.values[items[i + 1]];
    if (key.kind == Kind::kText && key.text == "little_endian") {
      return value.kind == Kind::kBool && value.number == 1;
    }
  }
  return false;
}

}  // namespace

bool LooksLikeLegacyCheckpoint(std::span<const std::byte> file) {
  return file.size() >= sizeof(kMagic) &&
         std::equal(std::begin(kMagic), std::end(kMagic), file.begin(),
                    [](unsigned char wanted, std::byte byte) { return std::byte{wanted} == byte; });
}

absl::StatusOr<SavedObject> ReadLegacyCheckpoint(std::span<const std::byte> file) {
  if (!LooksLikeLegacyCheckpoint(file)) {
    return absl::InvalidArgumentError("it has not the magic number of PyTorch");
  }
  std::span<const std::byte> left = file.subspan(sizeof(kMagic));
  SF_ASSIGN_OR_RETURN(const Pickle version, NextPickle(&left, "the format's version"));
  if (Root(version).kind != Kind::kInt || Root(version).number != kVersion) {
    return absl::InvalidArgumentError("it is of a version of PyTorch's format that isn't read");
  }
  SF_ASSIGN_OR_RETURN(const Pickle machine, NextPickle(&left, "the facts about its machine"));
  if (!IsLittleEndian(machine)) {
    return absl::InvalidArgumentError(
        "its values aren't little-endian; save it again on another machine");
  }
  SavedObject saved;
  SF_ASSIGN_OR_RETURN(saved.pickle, NextPickle(&left, "the saved object"));
  SF_ASSIGN_OR_RETURN(const Pickle keys, NextPickle(&left, "the list of its storages"));

  std::map<std::string_view, ElementType> types;
  for (const PickledValue& value : saved.pickle.values) {
    if (value.kind != Kind::kStorage) continue;
    const auto [known, fresh] = types.emplace(value.text, value.type);
    if (!fresh && known->second != value.type) {
      return absl::InvalidArgumentError(
          absl::StrFormat("its storage %s is of two types", Quoted(value.text)));
    }
  }
  ByteCursor cursor(left);
  for (const uint32_t id : Root(keys).items) {
    const PickledValue& key = keys.values[id];
    const auto type = key.kind == Kind::kText ? types.find(key.text) : types.end();
    if (Root(keys).kind != Kind::kList || type == types.end()) {
      return absl::InvalidArgumentError("its list of storages doesn't fit the saved object");
    }
    const auto width = static_cast<uint64_t>(ElementBytes(type->second));
    uint64_t count = 0;
    std::span<const std::byte> content;
    if (!cursor.Read(&count) || count > cursor.left() / width ||
        !cursor.Take(count * width, &content)) {
      return absl::InvalidArgumentError(
          absl::StrFormat("its storage %s is cut off", Quoted(key.text)));
    }
    saved.storages[type->first] = content;
  }
  for (const auto& [key, type] : types) {
    if (!saved.storages.contains(key)) {
      return absl::InvalidArgumentError(absl::StrFormat("its storage %s is missing", Quoted(key)));
    }
  }
  return saved;
}

}  // namespace stereofarm
