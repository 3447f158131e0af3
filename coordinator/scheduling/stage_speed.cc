#include "coordinator/scheduling/stage_speed.h"

#include <algorithm>
#include <limits>

namespace stereofarm {
namespace {

constexpr int64_t kSecond = 1'000'000;
// Below so many finished tasks nothing is concluded from them.
constexpr int64_t kFewest = 3;
constexpr double kNewestShare = 0.1;
// While nothing is known: a model of some gigabytes may be on its way to the worker.
constexpr int64_t kFirstStall = 900 * kSecond;
// A stage may load its model, or a busy disk may answer late.
constexpr int64_t kShortestStall = 120 * kSecond;
constexpr double kStallFrames = 100;
constexpr int64_t kShortestTask = 600 * kSecond;
constexpr double kTaskFactor = 10;
// Stragglers: so many times as long as usual, and as much again to go as a new start would take,
// with some room for error.
constexpr int64_t kShortestStraggler = 5 * kSecond;
constexpr double kStragglerFactor = 2;
constexpr double kGainFactor = 1.5;

}  // namespace

void StageSpeed::Add(int64_t frames, int64_t micros) {
  if (frames <= 0 || micros < 0) return;
  const double each = static_cast<double>(micros) / static_cast<double>(frames);
  ++tasks_;
  const double share = std::max(kNewestShare, 1.0 / static_cast<double>(tasks_));
  micros_per_frame_ += share * (each - micros_per_frame_);
}

int64_t StageSpeed::StallLimitMicros() const {
  if (tasks_ < kFewest) return kFirstStall;
  return std::max(kShortestStall, static_cast<int64_t>(kStallFrames * micros_per_frame_));
}

int64_t StageSpeed::TaskLimitMicros(int64_t frames) const {
  if (tasks_ < kFewest) return std::numeric_limits<int64_t>::max();
  return std::max(kShortestTask, static_cast<int64_t>(kTaskFactor * micros_per_frame_ *
                                                      static_cast<double>(frames)));
}

int64_t StageSpeed::ExpectedMicros(int64_t frames) const {
  if (tasks_ < kFewest) return 0;
  return static_cast<int64_t>(micros_per_frame_ * static_cast<double>(frames));
}

bool StageSpeed::WorthStartingAgain(int64_t frames, int64_t elapsed_micros, int64_t done,
                                    int64_t total) const {
  const int64_t expected = ExpectedMicros(frames);
  if (expected == 0 || elapsed_micros < kShortestStraggler ||
      static_cast<double>(elapsed_micros) < kStragglerFactor * static_cast<double>(expected)) {
    return false;
  }
  if (done <= 0 || total <= 0) return true;
  const double left = static_cast<double>(elapsed_micros) / static_cast<double>(done) *
                      static_cast<double>(std::max<int64_t>(0, total - done));
  return left > kGainFactor * static_cast<double>(expected);
}

}  // namespace stereofarm
