#ifndef STEREOFARM_WORKER_AGENT_REPORT_STREAM_H_
#define STEREOFARM_WORKER_AGENT_REPORT_STREAM_H_

#include <cstdint>
#include <memory>

#include "common/base/status.h"
#include "proto/farm.grpc.pb.h"

namespace stereofarm {

// A worker's results, sent over one long call, which is opened for the first of them and again
// after it broke. Used by one thread.
class ReportStream {
 public:
  // `stub` lives longer.
  explicit ReportStream(v1::Farm::Stub* stub);
  ~ReportStream();
  ReportStream(const ReportStream&) = delete;
  ReportStream& operator=(const ReportStream&) = delete;

  // Sends a result and waits for its answer: OK as soon as it counts. Unavailable: nobody is there,
  // the stream broke, or there was no answer within `timeout_micros`; whether the result counts
  // isn't known, and it may be sent again. Anything else is the coordinator's word.
  absl::Status Send(const v1::CompleteRequest& request, v1::CompleteReply* reply,
                    int64_t timeout_micros);

 private:
  struct Call;

  v1::Farm::Stub* const stub_;
  std::unique_ptr<Call> call_;  // null: none is open
};

}  // namespace stereofarm

#endif  // STEREOFARM_WORKER_AGENT_REPORT_STREAM_H_
