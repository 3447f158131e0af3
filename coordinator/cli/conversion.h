#ifndef STEREOFARM_COORDINATOR_CLI_CONVERSION_H_
#define STEREOFARM_COORDINATOR_CLI_CONVERSION_H_

#include <filesystem>
#include <string>
#include <vector>

#include "common/farm/job_settings.h"
#include "coordinator/cli/job_reporter.h"
#include "coordinator/cli/signal_watch.h"

namespace stereofarm {

struct Conversion {
  JobSettings settings;
  bool replace = false;         // OUT may exist
  bool no_space_check = false;  // begin even if the disks look too small
  std::filesystem::path work_dir;
  bool can_go_on = true;  // the work dir is there for another run, which people are told
  std::vector<std::string> worker_devices;
};

// Runs one job on a farm of this process's own, in `work_dir`, and clears the folder away when the
// job is done (unless settings.keep) or nothing was begun. Unfinished jobs of other outputs in the
// folder stay as they are, and it stays with them. Returns the exit code; errors have been
// printed. Main thread only.
int RunConversion(const Conversion& conversion, SignalWatch* signals, JobReporter* reporter);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_CLI_CONVERSION_H_
