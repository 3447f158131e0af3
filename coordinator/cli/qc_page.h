#ifndef STEREOFARM_COORDINATOR_CLI_QC_PAGE_H_
#define STEREOFARM_COORDINATOR_CLI_QC_PAGE_H_

#include <string>

#include "proto/jobs.pb.h"

namespace stereofarm {

// A page about a job's depth for whoever checks the film: the job, the seams over the gate, and for
// each shot its alignment, seams and range. One HTML file that needs no other and runs nothing.
// `status`: with shots, shards and seams.
std::string QcPage(const v1::JobStatus& status);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_CLI_QC_PAGE_H_
