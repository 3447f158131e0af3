#ifndef STEREOFARM_COORDINATOR_SERVICE_CALLER_H_
#define STEREOFARM_COORDINATOR_SERVICE_CALLER_H_

#include <optional>
#include <string>

#include "common/base/status.h"
#include "common/certs/role.h"
#include "coordinator/scheduling/job_engine.h"
#include "grpcpp/security/auth_context.h"

namespace stereofarm {

// Who makes a call, as the certificate says. On a farm without TLS nobody is known, and everybody
// may do everything: no name, no role.
struct Caller {
  bool has_certificate = false;
  std::string certificate;  // PEM
  std::string name;
  std::optional<Role> role;
};

Caller CallerOf(const grpc::AuthContext& context);

// Whether this caller may speak for this worker, as JobEngine::CheckSpeaksFor says.
absl::Status CheckSpeaksFor(JobEngine* engine, const grpc::AuthContext& context,
                            const std::string& worker);

// Whether this caller may change a job that `owner` submitted.
bool MayChangeJobOf(const Caller& caller, const std::string& owner);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_SERVICE_CALLER_H_
