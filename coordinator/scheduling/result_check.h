#ifndef STEREOFARM_COORDINATOR_SCHEDULING_RESULT_CHECK_H_
#define STEREOFARM_COORDINATOR_SCHEDULING_RESULT_CHECK_H_

#include <filesystem>
#include <string>

#include "common/artifacts/manifest.h"
#include "common/base/status.h"
#include "coordinator/scheduling/attempt_files.h"
#include "coordinator/scheduling/film_access.h"
#include "coordinator/store/records.h"

namespace stereofarm {

// What a task's result has to be.
struct ResultCheck {
  TaskRecord task;  // as it's leased
  JobSettings settings;
  FrameRange full;  // of its shard
};

// The manifest fits the lease, the task and the class of the worker, and names every file that the
// task has to make. InvalidArgument says what doesn't fit.
absl::Status CheckManifest(const ResultCheck& check, const std::string& numeric_class,
                           const Manifest& manifest, FilmAccess* films);

// The files are what the manifest says, and segments have a frame for each of the core's. Reads
// all of them. DataLoss names the file.
absl::Status CheckResultFiles(const ResultCheck& check, const std::filesystem::path& store,
                              const std::string& directory, const Manifest& manifest,
                              AttemptFiles* files, FilmAccess* films);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_SCHEDULING_RESULT_CHECK_H_
