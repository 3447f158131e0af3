#ifndef STEREOFARM_COORDINATOR_SCHEDULING_LEASED_FILES_H_
#define STEREOFARM_COORDINATOR_SCHEDULING_LEASED_FILES_H_

#include <string>

#include "common/farm/task.h"

namespace stereofarm {

// The files of an attempt whose lease is held: it reads what `spec` names and writes below
// `attempt_directory` and to `log_file`. Paths are relative to the store, but for the user's own.
struct LeasedFiles {
  TaskSpec spec;
  std::string model_files;  // hash of what the depth setting names (common/farm/stage_key.h)
  FrameRange range;         // of the film: what is made of it
  std::string attempt_directory;
  std::string log_file;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_SCHEDULING_LEASED_FILES_H_
