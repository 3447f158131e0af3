#ifndef STEREOFARM_WORKER_TRANSFER_TASK_FILES_H_
#define STEREOFARM_WORKER_TRANSFER_TASK_FILES_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "common/artifacts/manifest.h"
#include "common/base/random.h"
#include "models/registry/model_folder.h"
#include "worker/stages/task_place.h"
#include "worker/stages/task_run.h"
#include "worker/transfer/attempt_transfer.h"
#include "worker/transfer/farm_files.h"
#include "worker/transfer/file_cache.h"
#include "worker/transfer/own_files.h"
#include "worker/transfer/path_map.h"

namespace stereofarm {

// Gives tasks their files. What is proved to be the coordinator's own file is used where it lies;
// all else comes over from the coordinator into a scratch folder, and what the task makes there
// goes to the coordinator before its result is reported. For one task at a time.
class TaskFiles {
 public:
  // Makes a task's files in its place; StageRunner::Run.
  using Maker = std::function<absl::StatusOr<Manifest>(
      const TaskLease& lease, const TaskPlace& place, TaskProgress* progress)>;

  // `scratch` exists and is this process's own. Of what was fetched and made there, up to
  // `keep_bytes` are kept for later tasks. `models`: the weights that this machine has of its own.
  TaskFiles(FarmFiles* farm, PathMap path_map, std::filesystem::path scratch, ModelFolder models,
            int64_t keep_bytes, Random* random, Maker make);

  // Everything around one task. `store`: as the coordinator names it. Cancelled: told to stop, or
  // the task can't be done now and is to be handed back. ResourceExhausted names the folder that is
  // full.
  absl::StatusOr<Manifest> Run(const TaskLease& lease, const std::filesystem::path& store,
                               TaskProgress* progress);
  // Removes what an attempt has written that came to nothing.
  void Drop(const TaskLease& lease);

 private:
  // Everything but the log.
  absl::StatusOr<Manifest> RunIn(const std::filesystem::path& store, bool shared,
                                 AttemptTransfer* transfer, TaskProgress* progress);
  absl::Status FetchInputs(AttemptTransfer* transfer);
  // The files of a committed folder that `wanted` names, and committed.pb.
  absl::Status FetchFolder(const std::string& task, const std::string& folder,
                           const std::function<bool(const std::string& name)>& wanted,
                           AttemptTransfer* transfer);
  absl::Status HoldInput(const std::string& path, AttemptTransfer* transfer);
  absl::Status FindFilm(AttemptTransfer* transfer, TaskPlace* place);
  absl::Status FindModel(AttemptTransfer* transfer, TaskPlace* place);
  absl::Status FindDepthPictures(AttemptTransfer* transfer, TaskPlace* place);
  absl::Status SendResult(const Manifest& manifest, AttemptTransfer* transfer);
  void SendLog(AttemptTransfer* transfer);

  FarmFiles* const farm_;
  const PathMap path_map_;
  const std::filesystem::path scratch_;
  const ModelFolder models_;
  Random* const random_;
  const Maker make_;
  FileCache cache_;
  OwnFiles own_;
  std::filesystem::path attempt_folder_;  // of the last task
};

}  // namespace stereofarm

#endif  // STEREOFARM_WORKER_TRANSFER_TASK_FILES_H_
