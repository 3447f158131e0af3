#include "proto/records.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"
#include "proto/conversions.h"

namespace stereofarm {
namespace {

// Maps in a fixed order, so that equal structs give equal bytes.
template <typename Message>
std::string Serialize(const Message& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

template <typename Message>
auto Parse(const std::string& bytes, const char* what) -> decltype(FromProto(Message())) {
  Message message;
  if (!message.ParseFromString(bytes)) {
    return absl::DataLossError(absl::StrFormat("the record of %s doesn't parse", what));
  }
  return FromProto(message);
}

}  // namespace

std::string SerializeSettings(const JobSettings& settings) { return Serialize(ToProto(settings)); }
absl::StatusOr<JobSettings> ParseSettings(const std::string& bytes) {
  return Parse<v1::JobSettings>(bytes, "a job's settings");
}
std::string SerializeSpec(const TaskSpec& spec) { return Serialize(ToProto(spec)); }
absl::StatusOr<TaskSpec> ParseSpec(const std::string& bytes) {
  return Parse<v1::TaskSpec>(bytes, "a task");
}
std::string SerializeManifest(const Manifest& manifest) { return Serialize(ToProto(manifest)); }
absl::StatusOr<Manifest> ParseManifest(const std::string& bytes) {
  return Parse<v1::Manifest>(bytes, "a manifest");
}
std::string SerializeJobNote(const JobNote& note) { return Serialize(ToProto(note)); }
absl::StatusOr<JobNote> ParseJobNote(const std::string& bytes) {
  return Parse<v1::JobNote>(bytes, "a job");
}

absl::StatusOr<Manifest> ReadManifest(const std::filesystem::path& file) {
  SF_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(file));
  absl::StatusOr<Manifest> manifest = ParseManifest(bytes);
  if (!manifest.ok()) {
    return absl::DataLossError(
        absl::StrFormat("%s: %s", file.string(), std::string(manifest.status().message())));
  }
  return manifest;
}

absl::Status WriteManifest(const std::filesystem::path& file, const Manifest& manifest) {
  return WriteFileAtomically(file, SerializeManifest(manifest));
}

}  // namespace stereofarm
