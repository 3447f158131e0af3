#ifndef STEREOFARM_COMMON_CERTS_CERTIFICATE_H_
#define STEREOFARM_COMMON_CERTS_CERTIFICATE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/certs/role.h"

namespace stereofarm {

// X.509 certificates of a farm: one authority, one certificate for the coordinator, one for each
// person or machine that is let in. Certificates and keys are PEM texts.

struct CertificateAndKey {
  std::string certificate;
  std::string key;
};

// Wall clock, microseconds since 1970; written to the second.
struct Validity {
  int64_t begin_micros = 0;
  int64_t end_micros = 0;
};

// What a certificate says about itself. Read without asking who signed it.
struct CertificateFacts {
  std::string name;                // the common name
  std::optional<Role> role;        // of a certificate that MakeCallerCertificate made
  std::vector<std::string> hosts;  // names and addresses that a coordinator may be called by
  Validity validity;
};

// Signs itself, and signs the others.
absl::StatusOr<CertificateAndKey> MakeAuthority(const Validity& validity);
// For whoever serves as any of `hosts`: DNS names and IP addresses.
absl::StatusOr<CertificateAndKey> MakeServerCertificate(const CertificateAndKey& authority,
                                                        const std::vector<std::string>& hosts,
                                                        const Validity& validity);
// For `name`, who calls the coordinator.
absl::StatusOr<CertificateAndKey> MakeCallerCertificate(const CertificateAndKey& authority,
                                                        const std::string& name, Role role,
                                                        const Validity& validity);

// InvalidArgument: no certificate.
absl::StatusOr<CertificateFacts> ReadCertificate(const std::string& certificate);
// InvalidArgument: one of them is no PEM, or the key is another certificate's.
absl::Status CheckKeyFits(const CertificateAndKey& pair);
// InvalidArgument: one of them is no PEM, or somebody else signed it. Dates aren't looked at.
absl::Status CheckSignedBy(const std::string& certificate, const std::string& authority);

// 1 to 64 letters, digits, '.', '-', '_', the first no '.' or '-': a name of a person or machine,
// fit to be a file's name.
bool IsCallerName(const std::string& name);
// A DNS name or an IP address, without brackets.
bool IsHostName(const std::string& host);

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_CERTS_CERTIFICATE_H_
