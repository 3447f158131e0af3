#include "coordinator/cli/job_follower.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <utility>

#include "common/base/log.h"

namespace stereofarm {

JobFollower::JobFollower(JobsClient* client, v1::SubmitRequest request) : client_(client) {
  event_fd_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  SF_CHECK(event_fd_ >= 0);
  thread_ = std::thread([this, request = std::move(request)] { Run(request); });
}

JobFollower::~JobFollower() {
  client_->Abort();
  thread_.join();
  close(event_fd_);
}

template <typename Change>
void JobFollower::Post(const Change& change) {
  {
    const std::lock_guard lock(mutex_);
    change(&news_);
  }
  eventfd_write(event_fd_, 1);
}

JobFollower::News JobFollower::Take() {
  eventfd_t ignored = 0;
  eventfd_read(event_fd_, &ignored);
  const std::lock_guard lock(mutex_);
  return std::exchange(news_, News());
}

absl::StatusOr<v1::JobStatus> JobFollower::Follow(const std::string& job) {
  SF_ASSIGN_OR_RETURN(v1::JobStatus last, client_->Watch(job, [this](const v1::JobStatus& update) {
    Post([&](News* news) { news->update = update; });
  }));
  auto whole = client_->GetStatus(job);
  return whole.ok() ? *std::move(whole) : last;
}

void JobFollower::Run(const v1::SubmitRequest& request) {
  // A coordinator that dies under Submit is asked again when it's back: submitting is idempotent.
  auto reply = client_->Submit(request);
  while (!reply.ok() && absl::IsUnavailable(reply.status())) reply = client_->Submit(request);
  if (!reply.ok()) {
    Post([&](News* news) { news->ended = reply.status(); });
    return;
  }
  std::vector<v1::JobStatus> others;
  if (const auto jobs = client_->List(); jobs.ok()) {
    for (const v1::JobStatus& job : jobs->jobs()) {
      if (job.job() != reply->job() && !HasEnded(job)) others.push_back(job);
    }
  }
  Post([&](News* news) {
    news->submitted = *reply;
    news->others = std::move(others);
  });
  if (reply->already_done()) {
    Post([](News* news) { news->ended = v1::JobStatus(); });
    return;
  }
  auto last = Follow(reply->job());
  Post([&](News* news) { news->ended = std::move(last); });
}

}  // namespace stereofarm
