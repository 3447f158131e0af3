#include "common/base/clock.h"

#include <time.h>

#include <chrono>

namespace stereofarm {
namespace {

class SystemClock : public Clock {
 public:
  int64_t WallMicros() override {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  }
  int64_t MonotonicMicros() override {
    // Goes on while the machine sleeps: a lease isn't longer for a worker that was suspended.
    timespec time{};
    clock_gettime(CLOCK_BOOTTIME, &time);
    return int64_t{time.tv_sec} * 1'000'000 + time.tv_nsec / 1000;
  }
};

}  // namespace

Clock* RealClock() {
  static SystemClock clock;
  return &clock;
}

}  // namespace stereofarm
