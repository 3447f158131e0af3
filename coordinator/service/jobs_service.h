#ifndef STEREOFARM_COORDINATOR_SERVICE_JOBS_SERVICE_H_
#define STEREOFARM_COORDINATOR_SERVICE_JOBS_SERVICE_H_

#include <string>

#include "absl/synchronization/notification.h"
#include "coordinator/scheduling/job_engine.h"
#include "coordinator/service/audit_log.h"
#include "proto/jobs.grpc.pb.h"

namespace stereofarm {

// What people's programs call: checks, converts, asks the engine.
class JobsService : public v1::Jobs::Service {
 public:
  // `audit` may be null.
  JobsService(JobEngine* engine, AuditLog* audit) : engine_(engine), audit_(audit) {}
  // Ends all Watch streams.
  void Stop() { stopping_.Notify(); }

  grpc::Status Submit(grpc::ServerContext* context, const v1::SubmitRequest* request,
                      v1::SubmitReply* reply) override;
  grpc::Status List(grpc::ServerContext* context, const v1::ListRequest* request,
                    v1::ListReply* reply) override;
  grpc::Status GetStatus(grpc::ServerContext* context, const v1::StatusRequest* request,
                         v1::JobStatus* reply) override;
  grpc::Status Watch(grpc::ServerContext* context, const v1::WatchRequest* request,
                     grpc::ServerWriter<v1::JobStatus>* writer) override;
  grpc::Status Cancel(grpc::ServerContext* context, const v1::CancelRequest* request,
                      v1::CancelReply* reply) override;
  grpc::Status Retry(grpc::ServerContext* context, const v1::RetryRequest* request,
                     v1::RetryReply* reply) override;
  grpc::Status Pause(grpc::ServerContext* context, const v1::PauseRequest* request,
                     v1::PauseReply* reply) override;
  grpc::Status Resume(grpc::ServerContext* context, const v1::ResumeRequest* request,
                      v1::ResumeReply* reply) override;
  grpc::Status SetPriority(grpc::ServerContext* context, const v1::PriorityRequest* request,
                           v1::PriorityReply* reply) override;
  grpc::Status Drain(grpc::ServerContext* context, const v1::DrainRequest* request,
                     v1::DrainReply* reply) override;
  grpc::Status ResumeWorker(grpc::ServerContext* context, const v1::ResumeWorkerRequest* request,
                            v1::ResumeWorkerReply* reply) override;
  grpc::Status ListWorkers(grpc::ServerContext* context, const v1::ListWorkersRequest* request,
                           v1::ListWorkersReply* reply) override;

 private:
  // Whether a change can be written down. First of all in every call that changes something.
  absl::Status CheckWritable() const;
  // Whether this caller may change that job now: it's the caller's own or the caller operates, and
  // the change can be written down. First of all in every call that changes a job.
  absl::Status AdmitChange(const grpc::ServerContext& context, const std::string& job);

  JobEngine* const engine_;
  AuditLog* const audit_;
  absl::Notification stopping_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_SERVICE_JOBS_SERVICE_H_
