#ifndef STEREOFARM_COORDINATOR_CERTS_CERTIFICATE_FOLDER_H_
#define STEREOFARM_COORDINATOR_CERTS_CERTIFICATE_FOLDER_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/base/status.h"
#include "common/certs/certificate.h"
#include "coordinator/certs/issued_record.h"

namespace stereofarm {

// What the coordinator shows to callers and asks of them.
struct ServerCertificates {
  std::string authority;
  CertificateAndKey own;
};

// The coordinator's folder of `--tls DIR`: the farm's authority, the coordinator's certificate, and
// a record of everybody who was let in:
//   authority.pem authority.key coordinator.pem coordinator.key issued/NAME.json
// Every look-up reads the folder, so that what another process issued or revoked counts at once.
// Thread-safe. Errors are InvalidArgument or AlreadyExists with one sentence for whoever typed the
// command, unless said otherwise.
class CertificateFolder {
 public:
  CertificateFolder(std::filesystem::path folder, Clock* clock, Random* random)
      : folder_(std::move(folder)), clock_(clock), random_(random) {}

  // Makes the authority and the coordinator's certificate, both for `days`. `hosts` are the names
  // and addresses that callers use; localhost is always one of them. AlreadyExists when there is an
  // authority.
  absl::Status Init(const std::vector<std::string>& hosts, int days);
  // Makes the coordinator's certificate anew, by the same authority: other hosts, another end.
  absl::Status SetHosts(const std::vector<std::string>& hosts, int days);
  // Lets `name` in: writes authority, certificate, key and token to `out`, a new folder. What was
  // issued to that name before counts no more.
  absl::StatusOr<IssuedRecord> Issue(const std::string& name, Role role, int days,
                                     const std::filesystem::path& out);
  // Lets `name` in no more. NotFound when nothing was issued to it.
  absl::Status Revoke(const std::string& name);
  // Everybody, by name. A record that can't be read is an error that names it.
  absl::StatusOr<std::vector<IssuedRecord>> List() const;

  // For serving: checked that they fit together and are valid now.
  absl::StatusOr<ServerCertificates> ForServing() const;
  // Whether `token` was issued to `name`, for `role`, and still counts. Unauthenticated with a
  // sentence for the caller if not.
  absl::Status Check(const std::string& name, Role role, const std::string& token) const;

 private:
  std::filesystem::path RecordFile(const std::string& name) const;
  absl::StatusOr<Validity> ValidFor(int days) const;
  absl::StatusOr<CertificateAndKey> ReadAuthority() const;
  absl::Status WriteServer(const CertificateAndKey& authority, std::vector<std::string> hosts,
                           const Validity& validity);

  const std::filesystem::path folder_;
  Clock* const clock_;
  Random* const random_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_CERTS_CERTIFICATE_FOLDER_H_
