#ifndef STEREOFARM_COORDINATOR_CLI_JOBS_CLIENT_H_
#define STEREOFARM_COORDINATOR_CLI_JOBS_CLIENT_H_

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "common/base/status.h"
#include "proto/farm_channel.h"
#include "proto/jobs.grpc.pb.h"

namespace stereofarm {

// Whether nothing more will happen to a job by itself.
bool HasEnded(const v1::JobStatus& status);

// What people's programs ask a coordinator. Calls block; Unavailable names the address. One thread
// calls, any thread may Abort.
class JobsClient {
 public:
  // `patient`: calls wait for a coordinator that isn't there yet (or again) until they are
  // aborted; otherwise they fail at once.
  explicit JobsClient(const FarmPlace& farm, bool patient = false);
  ~JobsClient();

  absl::StatusOr<v1::SubmitReply> Submit(const v1::SubmitRequest& request);
  absl::StatusOr<v1::ListReply> List();
  absl::StatusOr<v1::JobStatus> GetStatus(const std::string& job);
  absl::Status Cancel(const std::string& job);
  absl::Status Retry(const std::string& job);
  absl::Status Pause(const std::string& job);
  absl::Status Resume(const std::string& job);
  absl::Status SetPriority(const std::string& job, int priority);
  absl::StatusOr<v1::ListWorkersReply> ListWorkers();
  // `worker`: id or name.
  absl::Status Drain(const std::string& worker, bool now);
  absl::Status ResumeWorker(const std::string& worker);

  // Calls `on_update` with every change of the job and returns its last state. A connection that
  // breaks is opened again: a patient client never gives up, another one after some tries.
  absl::StatusOr<v1::JobStatus> Watch(const std::string& job,
                                      const std::function<void(const v1::JobStatus&)>& on_update);

  // The call in progress and all later ones return Cancelled.
  void Abort();

 private:
  class Call;
  absl::Status Translate(const grpc::Status& status) const;

  const FarmPlace farm_;
  const bool patient_;
  std::unique_ptr<v1::Jobs::Stub> stub_;
  std::mutex mutex_;
  std::condition_variable aborted_changed_;
  bool aborted_ = false;                      // guarded by mutex_
  grpc::ClientContext* in_flight_ = nullptr;  // guarded by mutex_
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_CLI_JOBS_CLIENT_H_
