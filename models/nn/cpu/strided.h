#ifndef STEREOFARM_MODELS_NN_CPU_STRIDED_H_
#define STEREOFARM_MODELS_NN_CPU_STRIDED_H_

#include <cstdint>

namespace stereofarm {

// Rows of numbers that lie together, so many floats from one to the next.
struct Strided {
  const float* data = nullptr;
  int64_t stride = 0;
};
struct StridedOut {
  float* data = nullptr;
  int64_t stride = 0;
};

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_NN_CPU_STRIDED_H_
