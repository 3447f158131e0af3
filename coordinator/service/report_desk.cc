#include "coordinator/service/report_desk.h"

#include <algorithm>
#include <utility>

namespace stereofarm {
namespace {

constexpr size_t kThreads = 4;
// Reports that are answered together: the first of them waits for the check of the last.
constexpr size_t kMostTogether = 32;

}  // namespace

ReportDesk::ReportDesk(JobEngine* engine) : engine_(engine) {
  for (size_t i = 0; i < kThreads; ++i) threads_.emplace_back([this] { Loop(); });
}

ReportDesk::~ReportDesk() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  for (std::thread& thread : threads_) thread.join();
}

void ReportDesk::Take(TaskReport report, Answer answer) {
  absl::MutexLock lock(&mutex_);
  waiting_.push_back({std::move(report), std::move(answer)});
}

void ReportDesk::Loop() {
  while (true) {
    std::vector<TaskReport> reports;
    std::vector<Answer> answers;
    {
      absl::MutexLock lock(&mutex_);
      const auto something = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
        return stopping_ || !waiting_.empty();
      };
      mutex_.Await(absl::Condition(&something));
      if (stopping_) return;
      // A fair share, so that no thread is idle while another checks a heap of large files.
      const size_t share = std::min(kMostTogether, (waiting_.size() + kThreads - 1) / kThreads);
      for (size_t i = 0; i < share; ++i) {
        reports.push_back(std::move(waiting_.front().report));
        answers.push_back(std::move(waiting_.front().answer));
        waiting_.pop_front();
      }
    }
    const std::vector<absl::Status> statuses = engine_->CompleteAll(reports);
    for (size_t i = 0; i < answers.size(); ++i) answers[i](statuses[i]);
  }
}

}  // namespace stereofarm
