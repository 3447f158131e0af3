#include "models/weights/safetensors.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "models/weights/quoted.h"
#include "models/weights/safetensors_header.h"

namespace stereofarm {
namespace {

constexpr size_t kLengthBytes = 8;

uint64_t HeaderLength(std::span<const std::byte> file) {
  uint64_t length = 0;
  for (size_t i = 0; i < kLengthBytes; ++i) {
    length |= std::to_integer<uint64_t>(file[i]) << (8 * i);
  }
  return length;
}

absl::Status Wrong(const std::string& name, const std::string& what) {
  return absl::InvalidArgumentError(absl::StrFormat("the tensor %s %s", Quoted(name), what));
}

// That an entry's bytes are there and are as many as its shape needs.
absl::Status CheckEntry(const std::string& name, const SafetensorsEntry& entry, int64_t bytes) {
  if (entry.begin > entry.end) {
    return Wrong(name, absl::StrFormat("ends at byte %d, before its begin at byte %d", entry.end,
                                       entry.begin));
  }
  if (entry.end > bytes) {
    return Wrong(name, absl::StrFormat("ends at byte %d of %d: the file is damaged or was cut off",
                                       entry.end, bytes));
  }
  const std::optional<int64_t> count = CountElements(entry.shape, entry.type);
  if (!count) return Wrong(name, "has a shape of more elements than any file holds");
  const int64_t needed = *count * ElementBytes(entry.type);
  if (needed != entry.end - entry.begin) {
    return Wrong(name, absl::StrFormat("has %d bytes, and its shape needs %d",
                                       entry.end - entry.begin, needed));
  }
  return absl::OkStatus();
}

// That the entries tile the file's `bytes` of values.
absl::Status CheckTiling(const SafetensorsHeader& header, int64_t bytes) {
  std::vector<std::pair<const SafetensorsEntry*, const std::string*>> entries;
  for (const auto& [name, entry] : header.tensors) entries.emplace_back(&entry, &name);
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
    return std::pair(a.first->begin, a.first->end) < std::pair(b.first->begin, b.first->end);
  });
  int64_t reached = 0;
  for (const auto& [entry, name] : entries) {
    if (entry->begin < reached) return Wrong(*name, "shares bytes with another tensor");
    if (entry->begin > reached) {
      return Wrong(*name, absl::StrFormat("lies behind %d bytes that belong to no tensor",
                                          entry->begin - reached));
    }
    reached = entry->end;
  }
  if (reached != bytes) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%d bytes at its end belong to no tensor", bytes - reached));
  }
  return absl::OkStatus();
}

}  // namespace

bool LooksLikeSafetensors(std::span<const std::byte> file) {
  return file.size() > kLengthBytes && file[kLengthBytes] == std::byte{'{'} &&
         HeaderLength(file) <= static_cast<uint64_t>(kMaxSafetensorsHeader);
}

absl::StatusOr<StoredTensors> ReadSafetensors(std::span<const std::byte> file) {
  if (file.size() < kLengthBytes) {
    return absl::InvalidArgumentError("it is too short for a safetensors file");
  }
  const uint64_t length = HeaderLength(file);
  if (length > static_cast<uint64_t>(kMaxSafetensorsHeader)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("its header would have %d bytes, over the %d that the format allows",
                        length, kMaxSafetensorsHeader));
  }
  if (length > file.size() - kLengthBytes) {
    return absl::InvalidArgumentError("its header is cut off");
  }
  const auto header_bytes = file.subspan(kLengthBytes, length);
  const auto values = file.subspan(kLengthBytes + length);
  const auto value_bytes = static_cast<int64_t>(values.size());
  SF_ASSIGN_OR_RETURN(const SafetensorsHeader header,
                      ParseSafetensorsHeader({reinterpret_cast<const char*>(header_bytes.data()),
                                              header_bytes.size()}));
  for (const auto& [name, entry] : header.tensors) {
    SF_RETURN_IF_ERROR(CheckEntry(name, entry, value_bytes));
  }
  SF_RETURN_IF_ERROR(CheckTiling(header, value_bytes));

  StoredTensors stored;
  stored.metadata = header.metadata;
  for (const auto& [name, entry] : header.tensors) {
    StoredTensor& tensor = stored.tensors[name];
    tensor.type = entry.type;
    tensor.shape = entry.shape;
    tensor.strides = RowMajorStrides(entry.shape);
    tensor.data = values.subspan(static_cast<size_t>(entry.begin),
                                 static_cast<size_t>(entry.end - entry.begin));
  }
  return stored;
}

}  // namespace stereofarm
