#ifndef STEREOFARM_COORDINATOR_SERVICE_REPORT_STREAM_H_
#define STEREOFARM_COORDINATOR_SERVICE_REPORT_STREAM_H_

#include <functional>

#include "common/base/status.h"
#include "coordinator/service/report_desk.h"
#include "grpcpp/support/server_callback.h"
#include "proto/farm.pb.h"

namespace stereofarm {

// The results that one worker offers over one call of Complete: the next is read when the last is
// answered. What a call of its own would be refused for ends the stream with that status, and so
// does a result that doesn't count. Holds no thread while it waits. Deletes itself.
class ReportStream : public grpc::ServerBidiReactor<v1::CompleteRequest, v1::CompleteReply> {
 public:
  // What is wrong with a result before anybody looks at its files, and whether its sender may say
  // so; asked for each. OK: it goes to the desk.
  using Admit = std::function<absl::Status(const v1::CompleteRequest&)>;

  // `context` lives as long as the call, `desk` longer.
  ReportStream(grpc::CallbackServerContext* context, ReportDesk* desk, Admit admit);

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone() override { delete this; }

 private:
  void ReadNext();
  void Answer(const absl::Status& status, const std::optional<TaskLease>& next);

  grpc::CallbackServerContext* const context_;
  ReportDesk* const desk_;
  const Admit admit_;
  bool has_read_ = false;
  v1::CompleteRequest request_;
  v1::CompleteReply reply_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_SERVICE_REPORT_STREAM_H_
