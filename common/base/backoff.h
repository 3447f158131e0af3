#ifndef STEREOFARM_COMMON_BASE_BACKOFF_H_
#define STEREOFARM_COMMON_BASE_BACKOFF_H_

#include <algorithm>
#include <cstdint>

#include "common/base/random.h"

namespace stereofarm {

// How long to wait before a call is repeated: doubling, with jitter, so that a thousand workers
// don't come back to a restarted coordinator at the same moment.
class Backoff {
 public:
  Backoff(int64_t first_micros, int64_t most_micros, Random* random)
      : first_(first_micros), most_(most_micros), random_(random), next_(first_micros) {}
  // Between half of the step and all of it.
  int64_t Next() {
    const int64_t step = next_;
    next_ = std::min(most_, 2 * next_);
    return step / 2 + static_cast<int64_t>(random_->Next() % static_cast<uint64_t>(step / 2 + 1));
  }
  void Reset() { next_ = first_; }

 private:
  const int64_t first_;
  const int64_t most_;
  Random* const random_;
  int64_t next_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_BASE_BACKOFF_H_
