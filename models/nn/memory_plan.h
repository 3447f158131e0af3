#ifndef STEREOFARM_MODELS_NN_MEMORY_PLAN_H_
#define STEREOFARM_MODELS_NN_MEMORY_PLAN_H_

#include <cstdint>
#include <string>

#include "common/base/status.h"

namespace stereofarm {

// What a process grows by for a forward of a network whose weights are loaded: a line through
// measurements (docs/models.md).
struct ForwardMemory {
  int64_t fixed = 0;      // bytes, whatever the pictures
  int64_t per_token = 0;  // bytes for each square of 14 x 14 pixels of each picture
};

// Of a vision transformer of this width with a DPT head of `features` channels. `number_bytes`: 4
// for float32, 2 for half precision. `over_time`: of Video Depth Anything, whose pictures are those
// of a window.
ForwardMemory DptForwardMemory(int64_t width, int64_t features, int64_t number_bytes,
                               bool over_time);

int64_t ForwardBytes(const ForwardMemory& memory, int64_t tokens, int64_t pictures);

// How many pictures of `tokens` go through the network at once where `free` bytes are left: `most`,
// or the first of its halves that fits. OutOfMemory, with what is needed, where not even one does.
// `what` begins the message: the network's file.
absl::StatusOr<int64_t> ChooseBatch(const std::string& what, const ForwardMemory& memory,
                                    int64_t tokens, int64_t most, int64_t free);

// "a forward of 2442 tokens needs about 0.4 GB beside the weights"
std::string NeedText(const ForwardMemory& memory, int64_t tokens, int64_t pictures);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_NN_MEMORY_PLAN_H_
