#ifndef STEREOFARM_COORDINATOR_CLI_WORK_DIR_H_
#define STEREOFARM_COORDINATOR_CLI_WORK_DIR_H_

#include <filesystem>
#include <memory>

#include "common/base/status.h"

namespace stereofarm {

// The folder in which a private farm keeps its state, held by one `convert` at a time.
class WorkDir {
 public:
  // Makes the folder if need be and locks it. FailedPrecondition when another convert works in it;
  // InvalidArgument when it holds files that no convert put there.
  static absl::StatusOr<std::unique_ptr<WorkDir>> Open(const std::filesystem::path& path);
  ~WorkDir();
  WorkDir(const WorkDir&) = delete;
  WorkDir& operator=(const WorkDir&) = delete;

  const std::filesystem::path& path() const { return path_; }
  // Whether there was none before.
  bool is_new() const { return is_new_; }
  // Below the folder, or where that would be too long for a socket below the user's run-time
  // folder; removed with the object.
  const std::filesystem::path& socket() const { return socket_; }

  // Removes the folder with all that is in it.
  absl::Status Remove();

 private:
  WorkDir() = default;
  absl::Status ChooseSocket();

  std::filesystem::path path_;
  std::filesystem::path socket_;
  std::filesystem::path socket_folder_;  // made for the socket alone, or empty
  bool is_new_ = false;
  int lock_fd_ = -1;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_CLI_WORK_DIR_H_
