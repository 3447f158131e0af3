#ifndef STEREOFARM_COMMON_BASE_SUBPROCESS_H_
#define STEREOFARM_COMMON_BASE_SUBPROCESS_H_

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "common/base/status.h"

namespace stereofarm {

struct SpawnOptions {
  // Appended to; made when missing. Empty: the parent's own. Both may name the same file.
  std::filesystem::path stdout_file;
  std::filesystem::path stderr_file;
  // The kernel kills the child (SIGKILL) when the thread that spawned it ends, however that
  // happens: spawn from the main thread.
  bool dies_with_parent = false;
  // A process group of its own, so that a Ctrl-C on the terminal reaches only the parent.
  bool own_group = false;
};

// How a process ended.
struct ExitStatus {
  int code = 0;    // of exit(); 128 + signal when killed
  int signal = 0;  // that killed it, or 0

  bool ok() const { return code == 0; }
  // "exited with status 3" or "was killed by signal 9 (Killed)".
  std::string Text() const;
};

// A child process. Standard input is /dev/null, no other file of the parent is open in it.
// Destroying one that still runs kills it and waits for its end. Not thread-safe; spawning is,
// beside any other threads.
class Subprocess {
 public:
  // `args`: the program (a path, or a name looked up in PATH) and its arguments. NotFound and
  // PermissionDenied name the program when it can't be run.
  static absl::StatusOr<Subprocess> Spawn(const std::vector<std::string>& args,
                                          const SpawnOptions& options = {});
  Subprocess(Subprocess&& other) noexcept;
  Subprocess& operator=(Subprocess&& other) noexcept;
  ~Subprocess();

  pid_t pid() const { return pid_; }
  // How it ended, or nothing while it runs.
  std::optional<ExitStatus> Poll();
  ExitStatus Wait();
  // As Poll, but waits for the end for up to `micros`.
  std::optional<ExitStatus> WaitFor(int64_t micros);
  // Sends a signal; does nothing after the end.
  void Kill(int signal);
  // SIGTERM; SIGKILL when it hasn't ended `grace_micros` later.
  ExitStatus Stop(int64_t grace_micros);

 private:
  explicit Subprocess(pid_t pid) : pid_(pid) {}

  pid_t pid_ = -1;  // -1: moved from
  std::optional<ExitStatus> ended_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_BASE_SUBPROCESS_H_
