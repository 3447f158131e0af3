#include "worker/device/stop_signals.h"

#include <pthread.h>
#include <unistd.h>

#include <utility>

#include "common/base/log.h"

namespace stereofarm {

sigset_t BlockStopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

StopSignals::StopSignals(const sigset_t& signals, std::function<void()> finish,
                         std::function<void()> stop)
    : signals_(signals), finish_(std::move(finish)), stop_(std::move(stop)) {
  thread_ = std::thread([this] { Listen(); });
}

StopSignals::~StopSignals() {
  over_ = true;
  pthread_kill(thread_.native_handle(), SIGUSR1);
  thread_.join();
  signal(SIGUSR1, SIG_IGN);
  pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
}

void StopSignals::Listen() {
  bool stopping = false;
  while (true) {
    int number = 0;
    sigwait(&signals_, &number);
    if (over_) return;
    if (number == SIGUSR1) {
      SF_LOG(kInfo) << "stopping after the task in hand";
      finish_();
    } else if (stopping) {
      _exit(128 + number);
    } else {
      SF_LOG(kInfo) << "stopping";
      stopping = true;
      stop_();
    }
  }
}

}  // namespace stereofarm
