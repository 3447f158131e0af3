#ifndef STEREOFARM_COMMON_BASE_CLOCK_H_
#define STEREOFARM_COMMON_BASE_CLOCK_H_

#include <cstdint>

namespace stereofarm {

// Where time comes from. Thread-safe. Tests pass a SimulatedClock (tests/support).
class Clock {
 public:
  virtual ~Clock() = default;
  // Microseconds since 1970, UTC. May step; for people and file dates only.
  virtual int64_t WallMicros() = 0;
  // Microseconds since an unspecified start. Never steps back and counts the time for which the
  // machine slept; leases and time-outs use it.
  virtual int64_t MonotonicMicros() = 0;
};

// The machine's clock; lives for ever.
Clock* RealClock();

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_BASE_CLOCK_H_
