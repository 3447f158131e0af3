#ifndef STEREOFARM_COORDINATOR_CERTS_ISSUED_RECORD_H_
#define STEREOFARM_COORDINATOR_CERTS_ISSUED_RECORD_H_

#include <cstdint>
#include <string>

#include "common/base/status.h"
#include "common/certs/role.h"

namespace stereofarm {

// What the coordinator keeps about somebody to whom it issued a certificate and a token.
struct IssuedRecord {
  std::string name;
  Role role = Role::kSubmit;
  std::string token_sha256;  // the token itself is kept by its owner alone
  int64_t begin_micros = 0;  // wall clock, to the second
  int64_t end_micros = 0;
  bool revoked = false;
  bool operator==(const IssuedRecord&) const = default;
};

// As a JSON text.
std::string SerializeIssued(const IssuedRecord& record);
// DataLoss when the text is something else.
absl::StatusOr<IssuedRecord> ParseIssued(const std::string& text);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_CERTS_ISSUED_RECORD_H_
