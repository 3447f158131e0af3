#include "worker/agent/report_stream.h"

#include <chrono>
#include <set>

#include "grpcpp/client_context.h"
#include "grpcpp/completion_queue.h"
#include "grpcpp/support/async_stream.h"
#include "worker/agent/grpc_status.h"

namespace stereofarm {
namespace {

using Deadline = std::chrono::system_clock::time_point;

// What the library is asked to do; each at most once at a time.
enum Step : intptr_t { kOpen = 1, kWrite, kRead, kFinish };

void* TagOf(Step step) { return reinterpret_cast<void*>(static_cast<intptr_t>(step)); }

}  // namespace

// An open stream and what is under way on it.
struct ReportStream::Call {
  explicit Call(v1::Farm::Stub* stub) : stream(stub->PrepareAsyncComplete(&context, &queue)) {}
  ~Call() {
    context.TryCancel();
    queue.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue.Next(&tag, &ok)) {
    }
  }

  // Until all of `steps` are over. False when the time was first; `went_well`: what was asked of
  // each came to pass.
  bool Await(std::set<Step> steps, Deadline deadline, bool* went_well) {
    *went_well = true;
    while (!steps.empty()) {
      void* tag = nullptr;
      bool ok = false;
      if (queue.AsyncNext(&tag, &ok, deadline) != grpc::CompletionQueue::GOT_EVENT) return false;
      *went_well = *went_well && ok;
      steps.erase(static_cast<Step>(reinterpret_cast<intptr_t>(tag)));
    }
    return true;
  }

  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  std::unique_ptr<grpc::ClientAsyncReaderWriter<v1::CompleteRequest, v1::CompleteReply>> stream;
  v1::CompleteReply reply;
  grpc::Status status;
};

ReportStream::ReportStream(v1::Farm::Stub* stub) : stub_(stub) {}

ReportStream::~ReportStream() = default;

absl::Status ReportStream::Send(const v1::CompleteRequest& request, v1::CompleteReply* reply,
                                int64_t timeout_micros) {
  const Deadline deadline =
      std::chrono::system_clock::now() + std::chrono::microseconds(timeout_micros);
  // Whatever isn't an answer ends the call.
  std::unique_ptr<Call> call = std::move(call_);
  const absl::Status late = absl::UnavailableError("no answer to a result in time");
  bool went_well = true;
  if (call == nullptr) {
    call = std::make_unique<Call>(stub_);
    call->stream->StartCall(TagOf(kOpen));
    if (!call->Await({kOpen}, deadline, &went_well)) return late;
  }
  if (went_well) {
    call->stream->Write(request, TagOf(kWrite));
    call->stream->Read(&call->reply, TagOf(kRead));
    if (!call->Await({kWrite, kRead}, deadline, &went_well)) return late;
  }
  if (went_well) {
    *reply = std::move(call->reply);
    call_ = std::move(call);
    return absl::OkStatus();
  }
  call->stream->Finish(&call->status, TagOf(kFinish));
  if (!call->Await({kFinish}, deadline, &went_well)) return late;
  // A coordinator that stops cancels what is open.
  if (call->status.ok() || call->status.error_code() == grpc::StatusCode::CANCELLED) {
    return absl::UnavailableError("the stream of results broke");
  }
  return FromGrpc(call->status);
}

}  // namespace stereofarm
