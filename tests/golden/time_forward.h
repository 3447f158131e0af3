#ifndef STEREOFARM_TESTS_GOLDEN_TIME_FORWARD_H_
#define STEREOFARM_TESTS_GOLDEN_TIME_FORWARD_H_

#include <filesystem>
#include <string>

#include "common/base/status.h"
#include "models/nn/parameters.h"

namespace stereofarm {

struct TimedForward {
  int repeats = 3;
  int64_t height = 518;
  int64_t width = 924;
  int threads = 0;    // 0: what LibTorch takes by itself
  int64_t batch = 1;  // pictures, or windows, of one forward
  ParameterPlace place = {};
};

// Runs the network of a file of weights on noise, once to warm up and then `repeats` times: a line
// with the median, least and most seconds of one forward, and the pictures that this makes in a
// second. Video Depth Anything: of windows of 32 pictures.
absl::StatusOr<std::string> TimeForward(const std::filesystem::path& weights,
                                        const TimedForward& how);

}  // namespace stereofarm

#endif  // STEREOFARM_TESTS_GOLDEN_TIME_FORWARD_H_
