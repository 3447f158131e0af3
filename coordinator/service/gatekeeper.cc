#include "coordinator/service/gatekeeper.h"

#include <map>
#include <string>

#include "absl/strings/str_format.h"
#include "coordinator/service/access_table.h"
#include "coordinator/service/caller.h"
#include "coordinator/service/grpc_status.h"

namespace stereofarm {
namespace {

constexpr char kTokenKey[] = "authorization";
constexpr char kMethodKey[] = ":path";
constexpr char kBearer[] = "Bearer ";

// Empty unless it's there once.
std::string ValueOf(const std::multimap<grpc::string_ref, grpc::string_ref>& metadata,
                    const char* key) {
  if (metadata.count(key) != 1) return "";
  const grpc::string_ref value = metadata.find(key)->second;
  return std::string(value.data(), value.size());
}

// That the caller is who its certificate says.
absl::Status CheckCaller(const CertificateFolder& certificates, const Caller& caller,
                         const std::string& authorization) {
  if (!caller.role) {
    return absl::UnauthenticatedError(
        "the farm refuses a certificate that names no role; ask its operator for a new folder for "
        "--tls");
  }
  if (!authorization.starts_with(kBearer)) {
    return absl::UnauthenticatedError(
        absl::StrFormat("the farm refuses '%s': the call carries no token; use the folder that "
                        "was issued with --tls",
                        caller.name));
  }
  return certificates.Check(caller.name, *caller.role, authorization.substr(sizeof(kBearer) - 1));
}

absl::Status Admit(const CertificateFolder& certificates, const Caller& caller,
                   const std::string& method, const std::string& authorization) {
  SF_RETURN_IF_ERROR(CheckCaller(certificates, caller, authorization));
  const CallRule* rule = RuleOf(method);
  if (rule == nullptr) {
    return absl::UnimplementedError("this farm knows no such call; use programs of its version");
  }
  if (MayCall(*rule, *caller.role)) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrFormat("'%s' may not do this: its role is %s; ask the farm's operator", caller.name,
                      RoleName(*caller.role)));
}

}  // namespace

absl::Status CheckStillAdmitted(const CertificateFolder* certificates,
                                const grpc::ServerContextBase& context) {
  if (certificates == nullptr) return absl::OkStatus();
  return CheckCaller(*certificates, CallerOf(*context.auth_context()),
                     ValueOf(context.client_metadata(), kTokenKey));
}

grpc::Status Gatekeeper::Process(const InputMetadata& metadata, grpc::AuthContext* context,
                                 OutputMetadata* consumed, OutputMetadata*) {
  const Caller caller = CallerOf(*context);
  const std::string method = ValueOf(metadata, kMethodKey);
  const std::string authorization = ValueOf(metadata, kTokenKey);
  const absl::Status status = Admit(*certificates_, caller, method, authorization);
  if (!status.ok()) {
    if (audit_ != nullptr) {
      audit_
          ->Write({.peer = connections_.PeerOf(caller.certificate),
                   .name = caller.name,
                   .role = caller.role ? RoleName(*caller.role) : "",
                   .method = method,
                   .status = status})
          .IgnoreError();
    }
    return ToGrpc(status);
  }
  // Services needn't see the token, but where they ask again.
  if (!RuleOf(method)->each) consumed->emplace(kTokenKey, authorization);
  return grpc::Status::OK;
}

}  // namespace stereofarm
