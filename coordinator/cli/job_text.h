#ifndef STEREOFARM_COORDINATOR_CLI_JOB_TEXT_H_
#define STEREOFARM_COORDINATOR_CLI_JOB_TEXT_H_

#include <string>

#include "proto/jobs.pb.h"

namespace stereofarm {

// What `jobs`, `status` and `workers` print for people; lines with their ends.
std::string JobsText(const v1::ListReply& reply);
std::string StatusText(const v1::JobStatus& status);
std::string WorkersText(const v1::ListWorkersReply& reply);

// What a new job will need on the disks; a sentence without its end.
std::string DiskNeedText(const v1::SubmitReply& reply);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_CLI_JOB_TEXT_H_
