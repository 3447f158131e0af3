#ifndef STEREOFARM_COORDINATOR_CLI_JOB_FOLLOWER_H_
#define STEREOFARM_COORDINATOR_CLI_JOB_FOLLOWER_H_

#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "coordinator/cli/jobs_client.h"

namespace stereofarm {

// Submits a job and watches it until it ends, in a thread of its own, so that the main thread can
// look after child processes.
class JobFollower {
 public:
  struct News {
    std::optional<v1::SubmitReply> submitted;
    std::vector<v1::JobStatus> others;    // with `submitted`: the farm's other unfinished jobs
    std::optional<v1::JobStatus> update;  // the latest; earlier ones are skipped
    // The job's last state with its seams, or why there is nothing more to hear. Nothing follows.
    std::optional<absl::StatusOr<v1::JobStatus>> ended;
  };

  // `client` belongs to the follower while that lives.
  JobFollower(JobsClient* client, v1::SubmitRequest request);
  // Aborts what is in progress.
  ~JobFollower();
  JobFollower(const JobFollower&) = delete;
  JobFollower& operator=(const JobFollower&) = delete;

  // Readable when there is news.
  int fd() const { return event_fd_; }
  // What came since the last call.
  News Take();

 private:
  void Run(const v1::SubmitRequest& request);
  absl::StatusOr<v1::JobStatus> Follow(const std::string& job);
  template <typename Change>
  void Post(const Change& change);

  JobsClient* const client_;
  int event_fd_ = -1;
  std::mutex mutex_;
  News news_;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_CLI_JOB_FOLLOWER_H_
