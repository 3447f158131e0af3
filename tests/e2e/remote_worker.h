#ifndef STEREOFARM_TESTS_E2E_REMOTE_WORKER_H_
#define STEREOFARM_TESTS_E2E_REMOTE_WORKER_H_

#include <filesystem>
#include <memory>
#include <string>

#include "tests/e2e/programs.h"

namespace stereofarm {

// Whether this process may start programs as another user, as remote workers need it.
bool MayBecomeAnotherUser();

// A worker that runs as the user `nobody` in a folder of its own, so that it sees of the farm only
// what the file permissions give it.
class RemoteWorker {
 public:
  // Returns once it has joined. `scratch`: empty: in a new folder.
  explicit RemoteWorker(const std::string& address, const std::filesystem::path& scratch = {});
  Running& running() { return *running_; }
  const std::filesystem::path& scratch() const { return scratch_; }

 private:
  TempFolder folder_;
  const std::filesystem::path scratch_;
  std::unique_ptr<Running> running_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_TESTS_E2E_REMOTE_WORKER_H_
