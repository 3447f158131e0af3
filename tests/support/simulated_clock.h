#ifndef STEREOFARM_TESTS_SUPPORT_SIMULATED_CLOCK_H_
#define STEREOFARM_TESTS_SUPPORT_SIMULATED_CLOCK_H_

#include <atomic>
#include <cstdint>

#include "common/base/clock.h"

namespace stereofarm {

// A clock that stands still until it's told to go on. Thread-safe.
class SimulatedClock : public Clock {
 public:
  int64_t WallMicros() override { return kWallStart + now_; }
  int64_t MonotonicMicros() override { return now_; }
  void Advance(int64_t micros) { now_ += micros; }

 private:
  static constexpr int64_t kWallStart = 1'700'000'000'000'000;
  std::atomic<int64_t> now_{1'000'000};
};

}  // namespace stereofarm

#endif  // STEREOFARM_TESTS_SUPPORT_SIMULATED_CLOCK_H_
