#include "proto/request_limits.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"

namespace stereofarm {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr size_t kMostTextBytes = 256;
constexpr size_t kMostPathBytes = 4096;  // fields of the type bytes
constexpr int kMostItems = 64;
// 12 days in microseconds, and far above any film's frames.
constexpr int64_t kMostNumber = int64_t{1} << 40;
constexpr double kMostReal = 1e12;
constexpr int kMostNesting = 8;

// Fields that may be larger than others of their kind.
struct Exception {
  const char* field;
  int64_t most;
};
// Of a whole message. A submission with every list full has some 600 kB.
constexpr int64_t kMostRequestBytes = 1 << 20;
constexpr Exception kLargerRequests[] = {
    // 300,000 files, about 100 bytes each.
    {"stereofarm.v1.CompleteRequest", 32 << 20},
    // A megabyte of data.
    {"stereofarm.v1.WriteRequest", 2 << 20},
};
constexpr Exception kLargerTexts[] = {
    {"stereofarm.v1.RegisterRequest.numeric_class", 4096},
    {"stereofarm.v1.Manifest.numeric_class", 4096},
    {"stereofarm.v1.Manifest.model", 4096},
    {"stereofarm.v1.JobSettings.EncoderOptionsEntry.value", 4096},
    {"stereofarm.v1.FailRequest.message", 64 << 10},
    {"stereofarm.v1.WriteRequest.data", 1 << 20},
};
constexpr Exception kLongerLists[] = {
    // A file for each frame of the longest shard, with overlap.
    {"stereofarm.v1.Manifest.files", 300'000},
};
constexpr int64_t kMostBytes = int64_t{1} << 53;
constexpr Exception kLargerNumbers[] = {
    {"stereofarm.v1.ManifestFile.size", kMostBytes},
    {"stereofarm.v1.ReadRequest.offset", kMostBytes},
    {"stereofarm.v1.WriteHeader.offset", kMostBytes},
    {"stereofarm.v1.WriteHeader.size", kMostBytes},
    {"stereofarm.v1.RegisterRequest.memory_bytes", kMostBytes},
};
// Numbers that may be below 0 too.
constexpr const char* kSignedNumbers[] = {
    "stereofarm.v1.SubmitRequest.priority",
    "stereofarm.v1.PriorityRequest.priority",
    "stereofarm.v1.JobSettings.crf",
};
// Any number at all: a seed, and waits, which are shortened to what the farm allows.
constexpr const char* kAnyNumbers[] = {
    "stereofarm.v1.JobSettings.perturb_depth_seed",
    "stereofarm.v1.LeaseRequest.wait_micros",
    "stereofarm.v1.RenewRequest.hold_micros",
};
// Bytes that are no text.
constexpr const char* kRawBytes[] = {"stereofarm.v1.FailRequest.message",
                                     "stereofarm.v1.WriteRequest.data"};
// What messages call the things that may become parts of paths. Tasks have one slash in them.
constexpr const char* kIds[] = {"job", "task", "worker", "lease_id", "damaged_task"};

template <size_t kSize>
bool Contains(const char* const (&names)[kSize], const std::string& name) {
  return std::any_of(names, names + kSize, [&](const char* entry) { return name == entry; });
}

template <size_t kSize>
int64_t MostOf(const Exception (&exceptions)[kSize], const std::string& name, int64_t otherwise) {
  const auto* it = std::find_if(exceptions, exceptions + kSize,
                                [&](const Exception& entry) { return name == entry.field; });
  return it == exceptions + kSize ? otherwise : it->most;
}

absl::Status Refuse(const FieldDescriptor& field, const std::string& why) {
  return absl::InvalidArgumentError(
      absl::StrFormat("%s.%s: %s", field.containing_type()->name(), field.name(), why));
}

bool IsIdText(const std::string& text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_' || c == ':' || c == '/';
  };
  return std::all_of(text.begin(), text.end(), fits) && text.find("..") == std::string::npos &&
         text.find("//") == std::string::npos && !text.starts_with('/') && !text.ends_with('/') &&
         std::count(text.begin(), text.end(), '/') <= 1;
}

absl::Status CheckText(const FieldDescriptor& field, const std::string& text) {
  const bool is_bytes = field.type() == FieldDescriptor::TYPE_BYTES;
  const int64_t most = MostOf(
      kLargerTexts, field.full_name(),
      is_bytes ? static_cast<int64_t>(kMostPathBytes) : static_cast<int64_t>(kMostTextBytes));
  if (static_cast<int64_t>(text.size()) > most) {
    return Refuse(field,
                  absl::StrFormat("%d bytes are too many, at most %d go", text.size(), most));
  }
  if (!Contains(kRawBytes, field.full_name()) && text.find('\0') != std::string::npos) {
    return Refuse(field, "it has a byte 0 in it");
  }
  if (!is_bytes && Contains(kIds, field.name()) && !IsIdText(text)) {
    return Refuse(field, absl::StrFormat("'%s' names nothing in this farm", text));
  }
  return absl::OkStatus();
}

absl::Status CheckInteger(const FieldDescriptor& field, int64_t value) {
  if (Contains(kAnyNumbers, field.full_name())) return absl::OkStatus();
  const int64_t most = MostOf(kLargerNumbers, field.full_name(), kMostNumber);
  const int64_t least = Contains(kSignedNumbers, field.full_name()) ? -most : 0;
  if (value >= least && value <= most) return absl::OkStatus();
  return Refuse(field, absl::StrFormat("%d is outside %d to %d", value, least, most));
}

absl::Status CheckReal(const FieldDescriptor& field, double value) {
  if (std::isfinite(value) && std::abs(value) <= kMostReal) return absl::OkStatus();
  return Refuse(field, absl::StrFormat("%g is no number to reckon with", value));
}

absl::Status CheckMessage(const Message& message, int nesting);

// One value: `index` of a list, or -1.
absl::Status CheckValue(const Message& message, const FieldDescriptor& field, int index,
                        int nesting) {
  const Reflection& read = *message.GetReflection();
  const bool in_list = index >= 0;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string scratch;
      return CheckText(field,
                       in_list ? read.GetRepeatedStringReference(message, &field, index, &scratch)
                               : read.GetStringReference(message, &field, &scratch));
    }
    case FieldDescriptor::CPPTYPE_INT32:
      return CheckInteger(field, in_list ? read.GetRepeatedInt32(message, &field, index)
                                         : read.GetInt32(message, &field));
    case FieldDescriptor::CPPTYPE_INT64:
      return CheckInteger(field, in_list ? read.GetRepeatedInt64(message, &field, index)
                                         : read.GetInt64(message, &field));
    case FieldDescriptor::CPPTYPE_UINT32:
      return CheckInteger(field, in_list ? read.GetRepeatedUInt32(message, &field, index)
                                         : read.GetUInt32(message, &field));
    case FieldDescriptor::CPPTYPE_UINT64: {
      const uint64_t value = in_list ? read.GetRepeatedUInt64(message, &field, index)
                                     : read.GetUInt64(message, &field);
      return CheckInteger(field, static_cast<int64_t>(std::min<uint64_t>(value, INT64_MAX)));
    }
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return CheckReal(field, in_list ? read.GetRepeatedDouble(message, &field, index)
                                      : read.GetDouble(message, &field));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return CheckReal(field, in_list ? read.GetRepeatedFloat(message, &field, index)
                                      : read.GetFloat(message, &field));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return CheckMessage(in_list ? read.GetRepeatedMessage(message, &field, index)
                                  : read.GetMessage(message, &field),
                          nesting + 1);
    case FieldDescriptor::CPPTYPE_BOOL:
    case FieldDescriptor::CPPTYPE_ENUM:
      return absl::OkStatus();
  }
  return absl::OkStatus();
}

absl::Status CheckMessage(const Message& message, int nesting) {
  if (nesting > kMostNesting) {
    return absl::InvalidArgumentError("a message lies too deep in other messages");
  }
  const Reflection& read = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  read.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (!field->is_repeated()) {
      SF_RETURN_IF_ERROR(CheckValue(message, *field, -1, nesting));
      continue;
    }
    const int items = read.FieldSize(message, field);
    const int64_t most = MostOf(kLongerLists, field->full_name(), kMostItems);
    if (items > most) {
      return Refuse(*field, absl::StrFormat("%d are too many, at most %d go", items, most));
    }
    for (int i = 0; i < items; ++i) SF_RETURN_IF_ERROR(CheckValue(message, *field, i, nesting));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckRequest(const Message& request) {
  const google::protobuf::Descriptor& type = *request.GetDescriptor();
  const int64_t most = MostOf(kLargerRequests, type.full_name(), kMostRequestBytes);
  const auto bytes = static_cast<int64_t>(request.ByteSizeLong());
  if (bytes > most) {
    return absl::ResourceExhaustedError(absl::StrFormat(
        "%s: a message of %d bytes is too large, at most %d go", type.name(), bytes, most));
  }
  return CheckMessage(request, 0);
}

int64_t MostBytesOfAnyRequest() {
  int64_t most = kMostRequestBytes;
  for (const Exception& larger : kLargerRequests) most = std::max(most, larger.most);
  return most;
}

}  // namespace stereofarm
