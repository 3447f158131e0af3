#ifndef STEREOFARM_COORDINATOR_SERVICE_FARM_SERVICE_H_
#define STEREOFARM_COORDINATOR_SERVICE_FARM_SERVICE_H_

#include "coordinator/certs/certificate_folder.h"
#include "coordinator/scheduling/job_engine.h"
#include "coordinator/service/held_renewals.h"
#include "coordinator/service/lease_waiters.h"
#include "coordinator/service/report_desk.h"
#include "proto/farm.grpc.pb.h"

namespace stereofarm {

// What workers call: checks, converts, asks the engine. Lease, Renew and Complete answer later and
// hold no thread while they wait, Complete reads files on threads of its own; the other calls are
// short.
class FarmService : public v1::Farm::WithCallbackMethod_Lease<v1::Farm::WithCallbackMethod_Renew<
                        v1::Farm::WithCallbackMethod_Complete<v1::Farm::Service>>> {
 public:
  // `certificates`: of a farm with TLS, else null.
  FarmService(JobEngine* engine, LeaseWaiters* waiters, HeldRenewals* renewals,
              const CertificateFolder* certificates)
      : engine_(engine),
        waiters_(waiters),
        renewals_(renewals),
        certificates_(certificates),
        reports_(engine) {}

  grpc::Status Register(grpc::ServerContext* context, const v1::RegisterRequest* request,
                        v1::RegisterReply* reply) override;
  grpc::ServerUnaryReactor* Lease(grpc::CallbackServerContext* context,
                                  const v1::LeaseRequest* request, v1::LeaseReply* reply) override;
  grpc::ServerUnaryReactor* Renew(grpc::CallbackServerContext* context,
                                  const v1::RenewRequest* request, v1::RenewReply* reply) override;
  grpc::ServerBidiReactor<v1::CompleteRequest, v1::CompleteReply>* Complete(
      grpc::CallbackServerContext* context) override;
  grpc::Status Fail(grpc::ServerContext* context, const v1::FailRequest* request,
                    v1::FailReply* reply) override;
  grpc::Status HandBack(grpc::ServerContext* context, const v1::HandBackRequest* request,
                        v1::HandBackReply* reply) override;
  grpc::Status Leave(grpc::ServerContext* context, const v1::LeaveRequest* request,
                     v1::LeaveReply* reply) override;

 private:
  // That the request is sane and comes from the worker that it names.
  absl::Status Admit(const grpc::ServerContextBase& context,
                     const google::protobuf::Message& request, const std::string& worker);

  JobEngine* const engine_;
  LeaseWaiters* const waiters_;
  HeldRenewals* const renewals_;
  const CertificateFolder* const certificates_;
  ReportDesk reports_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_SERVICE_FARM_SERVICE_H_
