#ifndef STEREOFARM_COORDINATOR_SERVICE_GATEKEEPER_H_
#define STEREOFARM_COORDINATOR_SERVICE_GATEKEEPER_H_

#include "coordinator/certs/certificate_folder.h"
#include "coordinator/service/audit_log.h"
#include "coordinator/service/connections.h"
#include "grpcpp/security/auth_metadata_processor.h"
#include "grpcpp/server_context.h"

namespace stereofarm {

// Whether the caller of a stream would be let in now: its certificate, its token, and whether they
// were revoked or have ended since it was. `certificates` null: a farm without TLS, everybody is.
absl::Status CheckStillAdmitted(const CertificateFolder* certificates,
                                const grpc::ServerContextBase& context);

// Looks at every call on a connection with TLS before a service does: the caller's certificate,
// the token, and the table of who may make which call. What it refuses is written to the audit log.
class Gatekeeper : public grpc::AuthMetadataProcessor {
 public:
  // `audit` may be null.
  Gatekeeper(const CertificateFolder* certificates, AuditLog* audit)
      : certificates_(certificates), audit_(audit) {}

  grpc::Status Process(const InputMetadata& metadata, grpc::AuthContext* context,
                       OutputMetadata* consumed, OutputMetadata* response) override;

 private:
  const CertificateFolder* const certificates_;
  AuditLog* const audit_;
  Connections connections_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_SERVICE_GATEKEEPER_H_
