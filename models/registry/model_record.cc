#include "models/registry/model_record.h"

#include <nlohmann/json.hpp>

namespace stereofarm {
namespace {

bool IsHash(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

}  // namespace

std::string SerializeModelRecord(const ModelRecord& record) {
  return nlohmann::ordered_json{
             {"file", record.file}, {"bytes", record.bytes}, {"sha256", record.sha256}}
             .dump(2) +
         "\n";
}

absl::StatusOr<ModelRecord> ParseModelRecord(const std::string& json) {
  const auto parsed = nlohmann::json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_object()) return absl::DataLossError("it is no JSON object");
  const auto file = parsed.find("file");
  const auto bytes = parsed.find("bytes");
  const auto sha256 = parsed.find("sha256");
  if (file == parsed.end() || !file->is_string() || bytes == parsed.end() ||
      !bytes->is_number_unsigned() || sha256 == parsed.end() || !sha256->is_string()) {
    return absl::DataLossError("it lacks file, bytes or sha256");
  }
  ModelRecord record{file->get<std::string>(), 0, sha256->get<std::string>()};
  const auto count = bytes->get<uint64_t>();
  if (record.file.empty() || record.file[0] == '.' ||
      record.file.find_first_of(std::string("/\0", 2)) != std::string::npos) {
    return absl::DataLossError("its file is no plain name");
  }
  if (count > static_cast<uint64_t>(INT64_MAX) || !IsHash(record.sha256)) {
    return absl::DataLossError("its bytes or sha256 are none");
  }
  record.bytes = static_cast<int64_t>(count);
  return record;
}

}  // namespace stereofarm
