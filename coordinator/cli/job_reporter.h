#ifndef STEREOFARM_COORDINATOR_CLI_JOB_REPORTER_H_
#define STEREOFARM_COORDINATOR_CLI_JOB_REPORTER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "coordinator/cli/progress_bar.h"
#include "coordinator/cli/progress_meter.h"
#include "proto/jobs.pb.h"

namespace stereofarm {

// What a person sees of a job while it runs, on standard output. Times are monotonic.
class JobReporter {
 public:
  virtual ~JobReporter() = default;
  // The farm has taken the job.
  virtual void Begun(const v1::SubmitReply& reply) { static_cast<void>(reply); }
  virtual void Update(const v1::JobStatus& status, int64_t now_micros) = 0;
  // Time passed without news.
  virtual void Tick(int64_t now_micros) { static_cast<void>(now_micros); }
  // The job is done: `status` has its seams.
  virtual void Done(const v1::JobStatus& status, int64_t now_micros) = 0;
  // OUT was this very job's film already.
  virtual void AlreadyDone(const std::string& output) = 0;
  // Something that a person should know, on standard error.
  virtual void Warn(const std::string& sentence);
};

enum class ReportMode { kBars, kLines, kJson, kQuiet };

// --json and --quiet, else bars on a terminal and lines elsewhere.
ReportMode ChooseReportMode(bool json, bool quiet);

std::unique_ptr<JobReporter> NewJobReporter(ReportMode mode);

// What is said about a finished film: its frames, time, layout, remarks, worst seam, how to watch
// it. One line each.
std::vector<std::string> SummaryLines(const v1::JobStatus& status);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_CLI_JOB_REPORTER_H_
