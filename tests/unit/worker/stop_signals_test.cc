#include "worker/device/stop_signals.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "gtest/gtest.h"

namespace stereofarm {
namespace {

// Signals are the process's: each test runs in one of its own, whose code tells what came of it.
class StopSignalsTest : public ::testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

[[noreturn]] void EndInTheMiddleOfACall() {
  const sigset_t signals = BlockStopSignals();
  std::atomic<bool> entered = false;
  std::atomic<bool> leaving = false;
  std::atomic<bool> returned = false;
  {
    const StopSignals stop_signals(
        signals, [] {},
        [&] {
          entered = true;
          while (!leaving) std::this_thread::yield();
          for (int i = 0; i < 1000; ++i) std::this_thread::yield();
          returned = true;
        });
    kill(getpid(), SIGTERM);
    while (!entered) std::this_thread::yield();
    leaving = true;
  }
  _exit(returned ? 0 : 1);
}

TEST_F(StopSignalsTest, NoCallOutlivesIt) {
  EXPECT_EXIT(EndInTheMiddleOfACall(), testing::ExitedWithCode(0), "");
}

[[noreturn]] void FinishThenStopThenEnd() {
  const sigset_t signals = BlockStopSignals();
  std::atomic<int> finish = 0;
  std::atomic<int> stop = 0;
  const StopSignals stop_signals(
      signals, [&] { ++finish; }, [&] { ++stop; });
  for (int i = 1; i <= 2; ++i) {
    kill(getpid(), SIGUSR1);
    while (finish < i) std::this_thread::yield();
  }
  if (stop != 0) _exit(1);
  kill(getpid(), SIGINT);
  while (stop < 1) std::this_thread::yield();
  if (finish != 2) _exit(1);
  kill(getpid(), SIGTERM);
  while (true) std::this_thread::yield();
}

TEST_F(StopSignalsTest, TheSecondStopEndsTheProcess) {
  EXPECT_EXIT(FinishThenStopThenEnd(), testing::ExitedWithCode(128 + SIGTERM), "");
}

[[noreturn]] void SignalAfterItsEnd() {
  const sigset_t signals = BlockStopSignals();
  {
    const StopSignals stop_signals(
        signals, [] {}, [] {});
  }
  kill(getpid(), SIGUSR1);
  kill(getpid(), SIGTERM);
  _exit(0);
}

TEST_F(StopSignalsTest, AfterItsEndSignalsEndTheProcess) {
  EXPECT_EXIT(SignalAfterItsEnd(), testing::KilledBySignal(SIGTERM), "");
}

}  // namespace
}  // namespace stereofarm
