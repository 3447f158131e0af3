// Compiled for AVX-512F; nothing of it may run before the processor has been asked.
#define STEREOFARM_LANES 16
#include "models/nn/cpu/attention_kernel.h"

namespace stereofarm::attention {

const Instructions* Avx512Instructions() {
#if defined(__AVX512F__)
  static constexpr Instructions kWide = {Kernel::L, Kernel::Pack, Kernel::Block};
  return &kWide;
#else
  return nullptr;
#endif
}

}  // namespace stereofarm::attention
