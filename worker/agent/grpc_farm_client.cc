#include "worker/agent/grpc_farm_client.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <mutex>
#include <utility>

#include "absl/strings/str_format.h"
#include "proto/conversions.h"
#include "proto/farm.grpc.pb.h"
#include "worker/agent/grpc_status.h"
#include "worker/agent/report_stream.h"

namespace stereofarm {
namespace {

constexpr int64_t kSecond = 1000000;
// The coordinator takes no longer ones; the log has the rest.
constexpr size_t kMostMessageBytes = 16 << 10;
constexpr int64_t kCallTimeout = 10 * kSecond;
// The coordinator reads and hashes every file before it answers.
constexpr int64_t kCompleteTimeout = 120 * kSecond;
// On the way out, when nobody wants to wait.
constexpr int64_t kFarewellTimeout = kSecond;

void SetTimeout(grpc::ClientContext* context, int64_t micros) {
  context->set_deadline(std::chrono::system_clock::now() + std::chrono::microseconds(micros));
}

v1::AttemptId ToProto(const AttemptId& attempt) {
  v1::AttemptId proto;
  proto.set_worker(attempt.worker);
  proto.set_job(attempt.job);
  proto.set_task(attempt.task);
  proto.set_epoch(attempt.epoch);
  proto.set_lease_id(attempt.lease_id);
  return proto;
}

class GrpcFarmClient : public FarmClient {
 public:
  explicit GrpcFarmClient(std::shared_ptr<grpc::Channel> channel)
      : stub_(v1::Farm::NewStub(std::move(channel))), reports_(stub_.get()) {}

  absl::StatusOr<Registration> Register(const WorkerInfo& info, int64_t timeout_micros) override {
    v1::RegisterRequest request;
    request.set_worker(info.id);
    request.set_name(info.name);
    request.set_device(info.device);
    request.set_numeric_class(info.numeric_class);
    request.set_build(info.build);
    for (const std::string& tag : info.tags) request.add_tags(tag);
    v1::RegisterReply reply;
    SF_RETURN_IF_ERROR(Call(&v1::Farm::Stub::Register, request, &reply, timeout_micros));
    if (reply.store().empty() || reply.lease_micros() <= 0 || reply.renew_micros() <= 0) {
      return absl::InternalError("the coordinator's answer names no store or no lease time");
    }
    return Registration{reply.store(), reply.lease_micros(), reply.renew_micros()};
  }

  absl::StatusOr<std::optional<TaskLease>> Lease(const std::string& worker,
                                                 int64_t wait_micros) override {
    v1::LeaseRequest request;
    request.set_worker(worker);
    request.set_wait_micros(wait_micros);
    v1::LeaseReply reply;
    grpc::ClientContext context;
    SetTimeout(&context, wait_micros + kCallTimeout);
    if (!SetLeaseCall(&context)) return absl::CancelledError("asked to stop");
    const grpc::Status status = stub_->Lease(&context, request, &reply);
    SetLeaseCall(nullptr);
    SF_RETURN_IF_ERROR(FromGrpc(status));
    if (!reply.has_lease()) return std::optional<TaskLease>();
    SF_ASSIGN_OR_RETURN(TaskLease lease, FromProto(reply.lease()));
    return std::optional<TaskLease>(std::move(lease));
  }

  absl::StatusOr<int64_t> Renew(const AttemptId& attempt, int64_t frames_done, int64_t frames_total,
                                int64_t hold_micros, int64_t timeout_micros,
                                const std::function<bool()>& enough) override {
    v1::RenewRequest request;
    *request.mutable_attempt() = ToProto(attempt);
    request.set_frames_done(frames_done);
    request.set_frames_total(frames_total);
    request.set_hold_micros(hold_micros);
    v1::RenewReply reply;
    grpc::ClientContext context;
    SetTimeout(&context, timeout_micros);
    {
      std::lock_guard lock(mutex_);
      if (enough()) return absl::CancelledError("no longer of use");
      renew_call_ = &context;
    }
    const grpc::Status status = stub_->Renew(&context, request, &reply);
    {
      std::lock_guard lock(mutex_);
      renew_call_ = nullptr;
    }
    SF_RETURN_IF_ERROR(FromGrpc(status));
    return reply.lease_micros();
  }

  absl::StatusOr<std::optional<TaskLease>> Complete(const AttemptId& attempt,
                                                    const Manifest& manifest, double seconds,
                                                    bool next) override {
    v1::CompleteRequest request;
    *request.mutable_attempt() = ToProto(attempt);
    *request.mutable_manifest() = stereofarm::ToProto(manifest);
    request.set_seconds(seconds);
    request.set_next(next);
    v1::CompleteReply reply;
    SF_RETURN_IF_ERROR(reports_.Send(request, &reply, kCompleteTimeout));
    std::optional<TaskLease> lease;
    if (!next || !reply.has_next()) return lease;
    // The result counts, whatever else the answer says: Lease will tell.
    if (absl::StatusOr<TaskLease> got = FromProto(reply.next()); got.ok()) lease = *std::move(got);
    return lease;
  }

  absl::Status Fail(const AttemptId& attempt, const FailureReport& report) override {
    v1::FailRequest request;
    *request.mutable_attempt() = ToProto(attempt);
    request.set_failure(FailureClassName(report.failure));
    request.set_message(report.message.substr(0, kMostMessageBytes));
    request.set_damaged_task(report.damaged_task);
    v1::FailReply reply;
    return Call(&v1::Farm::Stub::Fail, request, &reply, kCallTimeout);
  }

  absl::Status HandBack(const AttemptId& attempt) override {
    v1::HandBackRequest request;
    *request.mutable_attempt() = ToProto(attempt);
    v1::HandBackReply reply;
    return Call(&v1::Farm::Stub::HandBack, request, &reply, kFarewellTimeout);
  }

  absl::Status Leave(const std::string& worker) override {
    v1::LeaveRequest request;
    request.set_worker(worker);
    v1::LeaveReply reply;
    return Call(&v1::Farm::Stub::Leave, request, &reply, kFarewellTimeout);
  }

  void InterruptLease() override {
    std::lock_guard lock(mutex_);
    interrupted_ = true;
    if (lease_call_ != nullptr) lease_call_->TryCancel();
  }

  void InterruptRenew() override {
    std::lock_guard lock(mutex_);
    if (renew_call_ != nullptr) renew_call_->TryCancel();
  }

 private:
  template <typename Method, typename Request, typename Reply>
  absl::Status Call(Method method, const Request& request, Reply* reply, int64_t timeout_micros) {
    grpc::ClientContext context;
    SetTimeout(&context, timeout_micros);
    return FromGrpc((stub_.get()->*method)(&context, request, reply));
  }

  // False after InterruptLease.
  bool SetLeaseCall(grpc::ClientContext* context) {
    std::lock_guard lock(mutex_);
    lease_call_ = context;
    return !interrupted_;
  }

  const std::unique_ptr<v1::Farm::Stub> stub_;
  ReportStream reports_;
  std::mutex mutex_;
  grpc::ClientContext* lease_call_ = nullptr;  // guarded by mutex_
  grpc::ClientContext* renew_call_ = nullptr;  // guarded by mutex_
  bool interrupted_ = false;                   // guarded by mutex_
};

}  // namespace

std::unique_ptr<FarmClient> ConnectToFarm(const FarmPlace& farm) {
  grpc::ChannelArguments arguments;
  SetReconnect(&arguments);
  // Answers are small: no ping for each of them to measure how much may be on its way.
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  return std::make_unique<GrpcFarmClient>(OpenFarmChannel(farm, arguments));
}

}  // namespace stereofarm
