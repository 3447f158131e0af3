#ifndef STEREOFARM_WORKER_STAGES_TASK_PLACE_H_
#define STEREOFARM_WORKER_STAGES_TASK_PLACE_H_

#include <filesystem>
#include <string>
#include <vector>

#include "common/farm/task.h"
#include "common/media/film_file.h"

namespace stereofarm {

// Where a task's files are on this machine.
struct TaskPlace {
  std::filesystem::path store;  // the root of the lease's relative paths
  FilmFile film;                // the job's source
  std::string depth;            // the job's depth setting; a path in it is this machine's
  // Of --depth exr:DIR, of the frames that the task looks at; empty: those in `depth`'s folder.
  std::vector<std::filesystem::path> depth_pictures;
};

// All of it where the coordinator has it.
inline TaskPlace PlaceAsNamed(const TaskLease& lease, const std::filesystem::path& store) {
  return {store, lease.spec.settings.input, lease.spec.settings.depth, {}};
}

}  // namespace stereofarm

#endif  // STEREOFARM_WORKER_STAGES_TASK_PLACE_H_
