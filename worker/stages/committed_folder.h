#ifndef STEREOFARM_WORKER_STAGES_COMMITTED_FOLDER_H_
#define STEREOFARM_WORKER_STAGES_COMMITTED_FOLDER_H_

#include <filesystem>
#include <map>
#include <string>

#include "common/artifacts/manifest.h"
#include "common/base/status.h"
#include "common/exr/exr.h"

namespace stereofarm {

// Another task's committed result. Every file is checked against its committed size and hash before
// it's read; whatever doesn't fit is a DamagedResult of that task.
class CommittedFolder {
 public:
  static absl::StatusOr<CommittedFolder> Open(const std::string& task,
                                              const std::filesystem::path& folder);
  absl::StatusOr<ExrImage> Read(const std::string& name) const;
  // What to return when a file's content isn't what its task writes.
  absl::Status Damaged(const std::string& how) const;

 private:
  CommittedFolder(std::string task, std::filesystem::path folder, const Manifest& manifest);

  std::string task_;
  std::filesystem::path folder_;
  std::map<std::string, ManifestFile> files_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_WORKER_STAGES_COMMITTED_FOLDER_H_
