#ifndef STEREOFARM_COORDINATOR_SERVICE_REPORT_DESK_H_
#define STEREOFARM_COORDINATOR_SERVICE_REPORT_DESK_H_

#include <deque>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/base/status.h"
#include "coordinator/scheduling/job_engine.h"

namespace stereofarm {

// Takes in what workers have finished, on threads of its own: a few results are checked at the same
// time, however many workers report. What has piled up meanwhile goes to the engine together, which
// is far cheaper than one by one. Thread-safe.
class ReportDesk {
 public:
  // Called once for each report, on one of the threads: whether the result counts, and the worker's
  // next task if it counts, one was asked for and one is at hand.
  using Answer = std::function<void(const absl::Status&, const std::optional<TaskLease>& next)>;

  explicit ReportDesk(JobEngine* engine);
  // Answers what is at hand; what still waits is never answered.
  ~ReportDesk();
  ReportDesk(const ReportDesk&) = delete;
  ReportDesk& operator=(const ReportDesk&) = delete;

  // `wants_next` is asked when the report has been taken in.
  void Take(TaskReport report, std::function<bool()> wants_next, Answer answer);

 private:
  struct Waiting {
    TaskReport report;
    std::function<bool()> wants_next;
    Answer answer;
  };

  void Loop();
  void Serve(std::vector<Waiting> together);

  JobEngine* const engine_;
  const size_t thread_count_;
  absl::Mutex mutex_;
  std::deque<Waiting> waiting_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_SERVICE_REPORT_DESK_H_
