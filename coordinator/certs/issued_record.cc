#include "coordinator/certs/issued_record.h"

#include "common/certs/certificate.h"
#include "common/certs/credentials.h"
#include "nlohmann/json.hpp"

namespace stereofarm {
namespace {

using nlohmann::json;

constexpr int64_t kSecond = 1'000'000;
// Far beyond any date, and small enough that its microseconds fit.
constexpr int64_t kMostSeconds = int64_t{1} << 40;

absl::Status Damaged() { return absl::DataLossError("it isn't a record of what was issued"); }

}  // namespace

std::string SerializeIssued(const IssuedRecord& record) {
  const json object = {{"name", record.name},
                       {"role", RoleName(record.role)},
                       {"token_sha256", record.token_sha256},
                       {"begin", record.begin_micros / kSecond},
                       {"end", record.end_micros / kSecond},
                       {"revoked", record.revoked}};
  return object.dump() + "\n";
}

absl::StatusOr<IssuedRecord> ParseIssued(const std::string& text) {
  const json object = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return Damaged();
  const auto field = [&object](const char* name) {
    const auto it = object.find(name);
    return it == object.end() ? json() : *it;
  };
  for (const char* name : {"name", "role", "token_sha256"}) {
    if (!field(name).is_string()) return Damaged();
  }
  for (const char* name : {"begin", "end"}) {
    if (!field(name).is_number_integer()) return Damaged();
  }
  if (!field("revoked").is_boolean()) return Damaged();
  IssuedRecord record;
  record.name = field("name").get<std::string>();
  record.token_sha256 = field("token_sha256").get<std::string>();
  record.revoked = field("revoked").get<bool>();
  const absl::StatusOr<Role> role = ParseRole(field("role").get<std::string>());
  const int64_t begin = field("begin").get<int64_t>();
  const int64_t end = field("end").get<int64_t>();
  // A hash has a token's form.
  if (!IsCallerName(record.name) || !role.ok() || !IsToken(record.token_sha256) ||
      begin < -kMostSeconds || begin > kMostSeconds || end < begin || end > kMostSeconds) {
    return Damaged();
  }
  record.role = *role;
  record.begin_micros = begin * kSecond;
  record.end_micros = end * kSecond;
  return record;
}

}  // namespace stereofarm
