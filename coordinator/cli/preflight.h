#ifndef STEREOFARM_COORDINATOR_CLI_PREFLIGHT_H_
#define STEREOFARM_COORDINATOR_CLI_PREFLIGHT_H_

#include "common/base/status.h"
#include "common/farm/job_settings.h"

namespace stereofarm {

// What can be said against a job before a farm is asked, on the machine that has its files.

// The encoder's settings and the containers of the outputs: mistakes on the command line.
absl::Status CheckEncoding(const JobSettings& settings);

// The input can be read and is a film; depth files are there, weights are the network's; every
// output's folder exists and can be written; no output is the input. Errors name the file.
absl::Status CheckInputAndOutputs(const JobSettings& settings);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_CLI_PREFLIGHT_H_
