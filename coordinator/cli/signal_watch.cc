#include "coordinator/cli/signal_watch.h"

#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/base/log.h"
#include "coordinator/cli/exit_code.h"

namespace stereofarm {

SignalWatch::SignalWatch() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) sigaddset(&signals, signal);
  SF_CHECK(pthread_sigmask(SIG_BLOCK, &signals, nullptr) == 0);
  fd_ = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
  SF_CHECK(fd_ >= 0);
}

SignalWatch::~SignalWatch() { close(fd_); }

std::optional<int> SignalWatch::Next() {
  signalfd_siginfo info;
  if (read(fd_, &info, sizeof(info)) != sizeof(info)) return std::nullopt;
  return static_cast<int>(info.ssi_signo);
}

bool SignalWatch::AskedToEnd() {
  bool asked = false;
  while (const auto signal = Next()) asked = asked || *signal != SIGCHLD;
  return asked;
}

void EndOnInterrupt() {
  for (const int number : {SIGINT, SIGTERM}) {
    signal(number, [](int) { _exit(kExitInterrupted); });
  }
}

}  // namespace stereofarm
