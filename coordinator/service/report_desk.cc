#include "coordinator/service/report_desk.h"

#include <algorithm>
#include <utility>

namespace stereofarm {
namespace {

// They hash files, so one for each core, as far as one disk feeds them.
size_t Threads() { return std::clamp<size_t>(std::thread::hardware_concurrency(), 2, 8); }
// Reports that are answered together: the first of them waits for the check of the last.
constexpr size_t kMostTogether = 64;

}  // namespace

ReportDesk::ReportDesk(JobEngine* engine) : engine_(engine), thread_count_(Threads()) {
  for (size_t i = 0; i < thread_count_; ++i) threads_.emplace_back([this] { Loop(); });
}

ReportDesk::~ReportDesk() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  for (std::thread& thread : threads_) thread.join();
}

void ReportDesk::Take(TaskReport report, std::function<bool()> wants_next, Answer answer) {
  absl::MutexLock lock(&mutex_);
  waiting_.push_back({std::move(report), std::move(wants_next), std::move(answer)});
}

void ReportDesk::Loop() {
  while (true) {
    std::vector<Waiting> together;
    {
      absl::MutexLock lock(&mutex_);
      const auto something = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
        return stopping_ || !waiting_.empty();
      };
      mutex_.Await(absl::Condition(&something));
      if (stopping_) return;
      // A fair share, so that no thread is idle while another checks a heap of large files.
      const size_t share =
          std::min(kMostTogether, (waiting_.size() + thread_count_ - 1) / thread_count_);
      for (size_t i = 0; i < share; ++i) {
        together.push_back(std::move(waiting_.front()));
        waiting_.pop_front();
      }
    }
    Serve(std::move(together));
  }
}

void ReportDesk::Serve(std::vector<Waiting> together) {
  std::vector<TaskReport> reports;
  for (Waiting& waiting : together) reports.push_back(std::move(waiting.report));
  const std::vector<absl::Status> statuses = engine_->CompleteAll(reports);
  std::vector<std::string> workers;
  std::vector<size_t> asking;
  for (size_t i = 0; i < together.size(); ++i) {
    if (!statuses[i].ok() || !together[i].wants_next()) continue;
    workers.push_back(reports[i].worker);
    asking.push_back(i);
  }
  // Without a task for them they ask themselves, and hear what there is to hear.
  std::vector<std::optional<TaskLease>> next(together.size());
  std::vector<JobEngine::LeaseAnswer> leases = engine_->LeaseNext(workers);
  for (size_t i = 0; i < asking.size(); ++i) {
    if (leases[i].ok()) next[asking[i]] = *std::move(leases[i]);
  }
  for (size_t i = 0; i < together.size(); ++i) together[i].answer(statuses[i], next[i]);
}

}  // namespace stereofarm
