#include "coordinator/cli/jobs_client.h"

#include <chrono>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/farm/task.h"

namespace stereofarm {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kCallDeadline{30};
// Submit reads the film's packets and hashes a folder of depth files.
constexpr seconds kSubmitDeadline{3600};
// Watch streams are opened anew this often, which finds out about a coordinator that has vanished
// without a word.
constexpr seconds kWatchDeadline{60};
constexpr milliseconds kRetryPause{200};
constexpr int kWatchTries = 50;

}  // namespace

bool HasEnded(const v1::JobStatus& status) {
  const auto state = ParseJobState(status.state());
  return state.ok() && (*state == JobState::kDone || *state == JobState::kFailed ||
                        *state == JobState::kCancelled);
}

// The context of one call, known to Abort while it lives.
class JobsClient::Call {
 public:
  Call(JobsClient* client, seconds deadline) : client_(client) {
    context_.set_deadline(std::chrono::system_clock::now() + deadline);
    context_.set_wait_for_ready(client->patient_);
    const std::lock_guard lock(client_->mutex_);
    client_->in_flight_ = &context_;
    if (client_->aborted_) context_.TryCancel();
  }
  ~Call() {
    const std::lock_guard lock(client_->mutex_);
    client_->in_flight_ = nullptr;
  }
  grpc::ClientContext* context() { return &context_; }

 private:
  JobsClient* client_;
  grpc::ClientContext context_;
};

JobsClient::JobsClient(const FarmPlace& farm, bool patient) : farm_(farm), patient_(patient) {
  grpc::ChannelArguments arguments;
  // A coordinator that is just starting is found at once, not at the next second.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
  // What an attempt may take, in spite of its name.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetMaxReceiveMessageSize(-1);  // The status of a long film has many shots and seams.
  stub_ = v1::Jobs::NewStub(OpenFarmChannel(farm, arguments));
}

JobsClient::~JobsClient() = default;

absl::Status JobsClient::Translate(const grpc::Status& status) const {
  if (status.ok()) return absl::OkStatus();
  if (status.error_code() == grpc::StatusCode::UNAVAILABLE ||
      status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) {
    return absl::UnavailableError(WhyUnreachable(farm_, status.error_message()));
  }
  if (status.error_code() == grpc::StatusCode::UNIMPLEMENTED) {
    return absl::UnimplementedError(
        absl::StrFormat("what answers at %s is no stereofarm-coordinator of this version; check "
                        "the address",
                        farm_.address));
  }
  std::string message = status.error_message();
  if (message.empty()) {
    message = absl::StrFormat("the farm at %s answered with error %d and no word; see its log",
                              farm_.address, static_cast<int>(status.error_code()));
  }
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), message);
}

absl::StatusOr<v1::SubmitReply> JobsClient::Submit(const v1::SubmitRequest& request) {
  Call call(this, kSubmitDeadline);
  v1::SubmitReply reply;
  SF_RETURN_IF_ERROR(Translate(stub_->Submit(call.context(), request, &reply)));
  return reply;
}

absl::StatusOr<v1::ListReply> JobsClient::List() {
  Call call(this, kCallDeadline);
  v1::ListReply reply;
  SF_RETURN_IF_ERROR(Translate(stub_->List(call.context(), v1::ListRequest(), &reply)));
  return reply;
}

absl::StatusOr<v1::JobStatus> JobsClient::GetStatus(const std::string& job) {
  Call call(this, kCallDeadline);
  v1::StatusRequest request;
  request.set_job(job);
  v1::JobStatus reply;
  SF_RETURN_IF_ERROR(Translate(stub_->GetStatus(call.context(), request, &reply)));
  return reply;
}

absl::Status JobsClient::Cancel(const std::string& job) {
  Call call(this, kCallDeadline);
  v1::CancelRequest request;
  request.set_job(job);
  v1::CancelReply reply;
  return Translate(stub_->Cancel(call.context(), request, &reply));
}

absl::Status JobsClient::Retry(const std::string& job) {
  Call call(this, kCallDeadline);
  v1::RetryRequest request;
  request.set_job(job);
  v1::RetryReply reply;
  return Translate(stub_->Retry(call.context(), request, &reply));
}

absl::Status JobsClient::Pause(const std::string& job) {
  Call call(this, kCallDeadline);
  v1::PauseRequest request;
  request.set_job(job);
  v1::PauseReply reply;
  return Translate(stub_->Pause(call.context(), request, &reply));
}

absl::Status JobsClient::Resume(const std::string& job) {
  Call call(this, kCallDeadline);
  v1::ResumeRequest request;
  request.set_job(job);
  v1::ResumeReply reply;
  return Translate(stub_->Resume(call.context(), request, &reply));
}

absl::Status JobsClient::SetPriority(const std::string& job, int priority) {
  Call call(this, kCallDeadline);
  v1::PriorityRequest request;
  request.set_job(job);
  request.set_priority(priority);
  v1::PriorityReply reply;
  return Translate(stub_->SetPriority(call.context(), request, &reply));
}

absl::Status JobsClient::Drain(const std::string& worker, bool now) {
  Call call(this, kCallDeadline);
  v1::DrainRequest request;
  request.set_worker(worker);
  request.set_now(now);
  v1::DrainReply reply;
  return Translate(stub_->Drain(call.context(), request, &reply));
}

absl::Status JobsClient::ResumeWorker(const std::string& worker) {
  Call call(this, kCallDeadline);
  v1::ResumeWorkerRequest request;
  request.set_worker(worker);
  v1::ResumeWorkerReply reply;
  return Translate(stub_->ResumeWorker(call.context(), request, &reply));
}

absl::StatusOr<v1::ListWorkersReply> JobsClient::ListWorkers() {
  Call call(this, kCallDeadline);
  v1::ListWorkersReply reply;
  SF_RETURN_IF_ERROR(
      Translate(stub_->ListWorkers(call.context(), v1::ListWorkersRequest(), &reply)));
  return reply;
}

absl::StatusOr<v1::JobStatus> JobsClient::Watch(
    const std::string& job, const std::function<void(const v1::JobStatus&)>& on_update) {
  v1::WatchRequest request;
  request.set_job(job);
  int tries_left = kWatchTries;
  bool seen = false;
  while (true) {
    absl::Status status;
    {
      Call call(this, kWatchDeadline);
      const auto stream = stub_->Watch(call.context(), request);
      v1::JobStatus update;
      while (stream->Read(&update)) {
        seen = true;
        tries_left = kWatchTries;
        on_update(update);
        if (HasEnded(update)) {
          call.context()->TryCancel();
          stream->Finish();
          return update;
        }
      }
      status = Translate(stream->Finish());
    }
    std::unique_lock lock(mutex_);
    if (aborted_) return absl::CancelledError("the watch was interrupted");
    if (!status.ok() && !absl::IsUnavailable(status)) return status;
    if (!patient_ && (!seen || --tries_left <= 0)) return status;
    aborted_changed_.wait_for(lock, kRetryPause, [this] { return aborted_; });
  }
}

void JobsClient::Abort() {
  const std::lock_guard lock(mutex_);
  aborted_ = true;
  if (in_flight_ != nullptr) in_flight_->TryCancel();
  aborted_changed_.notify_all();
}

}  // namespace stereofarm
