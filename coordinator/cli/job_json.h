#ifndef STEREOFARM_COORDINATOR_CLI_JOB_JSON_H_
#define STEREOFARM_COORDINATOR_CLI_JOB_JSON_H_

#include <optional>
#include <string>

#include "coordinator/cli/progress_meter.h"
#include "proto/jobs.pb.h"

namespace stereofarm {

// One line of JSON each, without the line's end; docs/cli.md lists the keys.
std::string ProgressJson(const v1::JobStatus& status, const StageState& stage,
                         std::optional<double> seconds_left);
// The last line of a finished job.
std::string OutcomeJson(const v1::JobStatus& status);
std::string SubmittedJson(const v1::SubmitReply& reply);
// Everything that is known about a job.
std::string StatusJson(const v1::JobStatus& status);
std::string WorkerJson(const v1::WorkerStatus& worker);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_CLI_JOB_JSON_H_
