#include "coordinator/service/farm_service.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <utility>

#include "common/farm/tags.h"
#include "coordinator/service/attempt_ref.h"
#include "coordinator/service/caller.h"
#include "coordinator/service/gatekeeper.h"
#include "coordinator/service/grpc_status.h"
#include "coordinator/service/report_stream.h"
#include "proto/conversions.h"
#include "proto/request_limits.h"

namespace stereofarm {
namespace {

// A lease is renewed this often before it ends.
constexpr int64_t kRenewalsPerLease = 6;

// One parked Lease call.
class ParkedLease : public grpc::ServerUnaryReactor {
 public:
  ParkedLease(LeaseWaiters* waiters, v1::LeaseReply* reply) : waiters_(waiters), reply_(reply) {}

  void Park(const std::string& worker, absl::Duration wait) {
    id_ = waiters_->Park(worker, wait, [this](absl::StatusOr<std::optional<TaskLease>> lease) {
      if (lease.ok() && lease->has_value()) {
        *reply_->mutable_lease() = ToProto(**lease);
      }
      Finish(ToGrpc(lease.status()));
    });
  }

  void OnCancel() override {
    if (waiters_->Forget(id_)) Finish(grpc::Status::CANCELLED);
  }
  void OnDone() override { delete this; }

 private:
  LeaseWaiters* const waiters_;
  v1::LeaseReply* const reply_;
  std::atomic<uint64_t> id_ = 0;
};

// One Renew call that waits for its answer.
class HeldRenewal : public grpc::ServerUnaryReactor {
 public:
  explicit HeldRenewal(HeldRenewals* renewals) : renewals_(renewals) {}

  // `renew` is asked once it's sure that a revocation will be heard of.
  void Hold(const AttemptRef& attempt, absl::Duration wait,
            const std::function<absl::Status()>& renew) {
    const uint64_t id =
        renewals_->Hold(attempt, [this](const absl::Status& status) { Finish(ToGrpc(status)); });
    id_ = id;
    const absl::Status status = renew();
    if (status.ok() && wait > absl::ZeroDuration()) {
      renewals_->AnswerAfter(id, wait);
    } else if (renewals_->Forget(id)) {
      Finish(ToGrpc(status));
    }
  }

  void OnCancel() override {
    if (renewals_->Forget(id_)) Finish(grpc::Status::CANCELLED);
  }
  void OnDone() override { delete this; }

 private:
  HeldRenewals* const renewals_;
  std::atomic<uint64_t> id_ = 0;
};

grpc::ServerUnaryReactor* Refuse(grpc::CallbackServerContext* context, const absl::Status& status) {
  grpc::ServerUnaryReactor* refusal = context->DefaultReactor();
  refusal->Finish(RefusalToGrpc(status));
  return refusal;
}

}  // namespace

absl::Status FarmService::Admit(const grpc::ServerContextBase& context,
                                const google::protobuf::Message& request,
                                const std::string& worker) {
  SF_RETURN_IF_ERROR(CheckRequest(request));
  return CheckSpeaksFor(engine_, *context.auth_context(), worker);
}

grpc::Status FarmService::Register(grpc::ServerContext* context, const v1::RegisterRequest* request,
                                   v1::RegisterReply* reply) {
  if (absl::Status sane = CheckRequest(*request); !sane.ok()) return RefusalToGrpc(sane);
  WorkerRecord worker;
  worker.id = request->worker();
  worker.name = request->name();
  worker.device = request->device();
  worker.numeric_class = request->numeric_class();
  worker.build = request->build();
  worker.tags = {request->tags().begin(), request->tags().end()};
  worker.memory_bytes = std::max<int64_t>(0, request->memory_bytes());
  worker.certificate = CallerOf(*context->auth_context()).name;
  if (absl::Status tags = CheckTags(worker.tags); !tags.ok()) return ToGrpc(tags);
  const absl::Status status = engine_->Register(worker);
  if (!status.ok()) return ToGrpc(status);
  reply->set_store(engine_->options().store.string());
  reply->set_lease_micros(engine_->options().lease_micros);
  reply->set_renew_micros(engine_->options().lease_micros / kRenewalsPerLease);
  return grpc::Status::OK;
}

grpc::ServerUnaryReactor* FarmService::Lease(grpc::CallbackServerContext* context,
                                             const v1::LeaseRequest* request,
                                             v1::LeaseReply* reply) {
  if (absl::Status may = Admit(*context, *request, request->worker()); !may.ok()) {
    return Refuse(context, may);
  }
  // Not longer than a lease, so that a waiting worker is heard of often enough.
  const int64_t wait =
      std::clamp<int64_t>(request->wait_micros(), 0, engine_->options().lease_micros);
  auto* parked = new ParkedLease(waiters_, reply);
  parked->Park(request->worker(), absl::Microseconds(wait));
  return parked;
}

grpc::ServerUnaryReactor* FarmService::Renew(grpc::CallbackServerContext* context,
                                             const v1::RenewRequest* request,
                                             v1::RenewReply* reply) {
  if (absl::Status may = Admit(*context, *request, request->attempt().worker()); !may.ok()) {
    return Refuse(context, may);
  }
  const int64_t lease = engine_->options().lease_micros;
  const int64_t hold = std::clamp<int64_t>(request->hold_micros(), 0, lease / 2);
  reply->set_lease_micros(lease);
  const AttemptRef attempt = AttemptOf(request->attempt());
  auto* held = new HeldRenewal(renewals_);
  held->Hold(attempt, absl::Microseconds(hold), [&] {
    return engine_
        ->Renew(request->attempt().worker(), attempt, request->frames_done(),
                request->frames_total())
        .status();
  });
  return held;
}

grpc::ServerBidiReactor<v1::CompleteRequest, v1::CompleteReply>* FarmService::Complete(
    grpc::CallbackServerContext* context) {
  return new ReportStream(context, &reports_,
                          [this, context](const v1::CompleteRequest& request) -> absl::Status {
                            // The stream may be older than what was done about its caller since.
                            SF_RETURN_IF_ERROR(CheckStillAdmitted(certificates_, *context));
                            return Admit(*context, request, request.attempt().worker());
                          });
}

grpc::Status FarmService::Fail(grpc::ServerContext* context, const v1::FailRequest* request,
                               v1::FailReply*) {
  if (absl::Status may = Admit(*context, *request, request->attempt().worker()); !may.ok()) {
    return RefusalToGrpc(may);
  }
  const absl::StatusOr<FailureClass> failure = ParseFailureClass(request->failure());
  if (!failure.ok()) return ToGrpc(failure.status());
  return ToGrpc(engine_->Fail(request->attempt().worker(), AttemptOf(request->attempt()), *failure,
                              request->message(), request->damaged_task()));
}

grpc::Status FarmService::HandBack(grpc::ServerContext* context, const v1::HandBackRequest* request,
                                   v1::HandBackReply*) {
  if (absl::Status may = Admit(*context, *request, request->attempt().worker()); !may.ok()) {
    return RefusalToGrpc(may);
  }
  return ToGrpc(engine_->HandBack(request->attempt().worker(), AttemptOf(request->attempt())));
}

grpc::Status FarmService::Leave(grpc::ServerContext* context, const v1::LeaveRequest* request,
                                v1::LeaveReply*) {
  if (absl::Status may = Admit(*context, *request, request->worker()); !may.ok()) {
    return RefusalToGrpc(may);
  }
  return ToGrpc(engine_->Leave(request->worker()));
}

}  // namespace stereofarm
