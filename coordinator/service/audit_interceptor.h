#ifndef STEREOFARM_COORDINATOR_SERVICE_AUDIT_INTERCEPTOR_H_
#define STEREOFARM_COORDINATOR_SERVICE_AUDIT_INTERCEPTOR_H_

#include "coordinator/service/audit_log.h"
#include "grpcpp/support/server_interceptor.h"

namespace stereofarm {

// Writes every call that reached a service and changes something, or was refused there, to the
// audit log when it's answered; of a stream of changes each.
class AuditInterceptorFactory : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit AuditInterceptorFactory(AuditLog* audit) : audit_(audit) {}
  grpc::experimental::Interceptor* CreateServerInterceptor(
      grpc::experimental::ServerRpcInfo* call) override;

 private:
  AuditLog* const audit_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_SERVICE_AUDIT_INTERCEPTOR_H_
