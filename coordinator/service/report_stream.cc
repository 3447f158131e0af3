#include "coordinator/service/report_stream.h"

#include <optional>
#include <utility>

#include "coordinator/service/attempt_ref.h"
#include "coordinator/service/grpc_status.h"
#include "grpcpp/server_context.h"
#include "proto/conversions.h"

namespace stereofarm {
namespace {

// Some kilobytes a worker.
constexpr int kMostKeptFiles = 64;

}  // namespace

ReportStream::ReportStream(grpc::CallbackServerContext* context, ReportDesk* desk, Admit admit)
    : context_(context), desk_(desk), admit_(std::move(admit)) {
  ReadNext();
}

void ReportStream::ReadNext() {
  // What a small message took serves the next one too.
  if (request_.manifest().files_size() > kMostKeptFiles) request_ = v1::CompleteRequest();
  StartRead(&request_);
}

void ReportStream::OnReadDone(bool ok) {
  if (!ok) {
    // The worker has said what it had to say. The library tells no difference between that and
    // bytes that are no message.
    Finish(has_read_ ? grpc::Status::OK
                     : grpc::Status(grpc::StatusCode::INVALID_ARGUMENT,
                                    "a stream of results has none that can be read"));
    return;
  }
  has_read_ = true;
  if (absl::Status may = admit_(request_); !may.ok()) {
    Finish(RefusalToGrpc(may));
    return;
  }
  absl::StatusOr<Manifest> manifest = FromProto(request_.manifest());
  if (!manifest.ok()) {
    Finish(RefusalToGrpc(manifest.status()));
    return;
  }
  desk_->Take(
      {request_.attempt().worker(), AttemptOf(request_.attempt()), *std::move(manifest),
       request_.seconds()},
      // Nobody hears of a task with the answer to a call that's over.
      [this] { return request_.next() && !context_->IsCancelled(); },
      [this](const absl::Status& status, const std::optional<TaskLease>& next) {
        Answer(status, next);
      });
}

void ReportStream::Answer(const absl::Status& status, const std::optional<TaskLease>& next) {
  if (!status.ok()) {
    Finish(ToGrpc(status));
    return;
  }
  reply_.Clear();
  if (next) *reply_.mutable_next() = ToProto(*next);
  StartWrite(&reply_);
}

void ReportStream::OnWriteDone(bool ok) {
  if (ok) {
    ReadNext();
  } else {
    Finish(grpc::Status::OK);  // nobody hears it
  }
}

}  // namespace stereofarm
