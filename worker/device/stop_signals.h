#ifndef STEREOFARM_WORKER_DEVICE_STOP_SIGNALS_H_
#define STEREOFARM_WORKER_DEVICE_STOP_SIGNALS_H_

#include <signal.h>

#include <atomic>
#include <functional>
#include <thread>

namespace stereofarm {

// SIGTERM, SIGINT and SIGUSR1, blocked in the calling thread and those that it starts from here on.
sigset_t BlockStopSignals();

// Turns signals into calls: SIGUSR1 into `finish`, the first SIGTERM or SIGINT into `stop`, the
// second into the end of the process.
class StopSignals {
 public:
  // Both are called on a thread of this object's own.
  StopSignals(const sigset_t& signals, std::function<void()> finish, std::function<void()> stop);
  // Returns when no call runs any more and none will come. From here on, SIGTERM and SIGINT end the
  // process.
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

 private:
  void Listen();

  const sigset_t signals_;
  const std::function<void()> finish_;
  const std::function<void()> stop_;
  std::atomic<bool> over_{false};
  std::thread thread_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_WORKER_DEVICE_STOP_SIGNALS_H_
