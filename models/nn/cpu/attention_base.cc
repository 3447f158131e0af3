#define STEREOFARM_LANES 8
#include "models/nn/cpu/attention_kernel.h"

namespace stereofarm::attention {

const Instructions& BaseInstructions() {
  static constexpr Instructions kBase = {Kernel::L, Kernel::Pack, Kernel::Block};
  return kBase;
}

}  // namespace stereofarm::attention
