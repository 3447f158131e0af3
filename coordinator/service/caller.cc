#include "coordinator/service/caller.h"

#include "common/certs/certificate.h"
#include "grpc/grpc_security_constants.h"

namespace stereofarm {

Caller CallerOf(const grpc::AuthContext& context) {
  const auto certificates = context.FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME);
  Caller caller;
  if (certificates.empty()) return caller;
  caller.has_certificate = true;
  caller.certificate = std::string(certificates.front().data(), certificates.front().size());
  const absl::StatusOr<CertificateFacts> facts = ReadCertificate(caller.certificate);
  if (!facts.ok()) return caller;
  caller.name = facts->name;
  caller.role = facts->role;
  return caller;
}

absl::Status CheckSpeaksFor(JobEngine* engine, const grpc::AuthContext& context,
                            const std::string& worker) {
  const Caller caller = CallerOf(context);
  return caller.has_certificate ? engine->CheckSpeaksFor(caller.name, worker) : absl::OkStatus();
}

bool MayChangeJobOf(const Caller& caller, const std::string& owner) {
  if (!caller.has_certificate || caller.role == Role::kOperate) return true;
  return caller.role == Role::kSubmit && !owner.empty() && caller.name == owner;
}

}  // namespace stereofarm
