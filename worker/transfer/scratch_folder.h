#ifndef STEREOFARM_WORKER_TRANSFER_SCRATCH_FOLDER_H_
#define STEREOFARM_WORKER_TRANSFER_SCRATCH_FOLDER_H_

#include <filesystem>
#include <memory>

#include "common/base/random.h"
#include "common/base/status.h"

namespace stereofarm {

// A folder of this process's own inside a scratch folder that others may use too. Removed at the
// end; what a process left that was killed is removed by the next one.
class ScratchFolder {
 public:
  static absl::StatusOr<std::unique_ptr<ScratchFolder>> Make(const std::filesystem::path& scratch,
                                                             Random* random);
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  ScratchFolder(std::filesystem::path path, int lock) : path_(std::move(path)), lock_(lock) {}

  const std::filesystem::path path_;
  const int lock_;  // open and locked while the process lives
};

}  // namespace stereofarm

#endif  // STEREOFARM_WORKER_TRANSFER_SCRATCH_FOLDER_H_
