#include "common/base/clock.h"

#include <chrono>

namespace stereofarm {
namespace {

template <typename ClockType>
int64_t MicrosOf() {
  return std::chrono::duration_cast<std::chrono::microseconds>(ClockType::now().time_since_epoch())
      .count();
}

class SystemClock : public Clock {
 public:
  int64_t WallMicros() override { return MicrosOf<std::chrono::system_clock>(); }
  int64_t MonotonicMicros() override { return MicrosOf<std::chrono::steady_clock>(); }
};

}  // namespace

Clock* RealClock() {
  static SystemClock clock;
  return &clock;
}

}  // namespace stereofarm
