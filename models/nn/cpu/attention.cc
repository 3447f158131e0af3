#include "models/nn/cpu/attention.h"

namespace stereofarm::attention {

const Instructions& BestInstructions() {
#if defined(__x86_64__)
  static const bool wide = __builtin_cpu_supports("avx512f");
  if (wide && Avx512Instructions() != nullptr) return *Avx512Instructions();
#endif
  return BaseInstructions();
}

int64_t PackedFloats(int64_t count, int64_t width) {
  // Keys are padded to whole panels, which divide the block.
  return (count + kKeyBlock - 1) / kKeyBlock * kKeyBlock * width;
}

int64_t WorkFloats(int64_t width) { return kQueryBlock * (2 * width + kKeyBlock); }

}  // namespace stereofarm::attention
