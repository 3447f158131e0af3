#ifndef STEREOFARM_COORDINATOR_CLI_SIGNAL_WATCH_H_
#define STEREOFARM_COORDINATOR_CLI_SIGNAL_WATCH_H_

#include <optional>

namespace stereofarm {

// Turns SIGINT, SIGTERM, SIGHUP and SIGCHLD into events of a file descriptor, for the whole
// process and for good. Made before any thread is started.
class SignalWatch {
 public:
  SignalWatch();
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

  // Readable when Next has something.
  int fd() const { return fd_; }
  // The next signal that came, or nothing.
  std::optional<int> Next();
  // Takes what came; true when one of them asks the program to end.
  bool AskedToEnd();

 private:
  int fd_ = -1;
};

// Ends the process with status 130 on SIGINT and SIGTERM, for commands that have nothing to clear
// away.
void EndOnInterrupt();

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_CLI_SIGNAL_WATCH_H_
