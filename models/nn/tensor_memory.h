#ifndef STEREOFARM_MODELS_NN_TENSOR_MEMORY_H_
#define STEREOFARM_MODELS_NN_TENSOR_MEMORY_H_

#include <cstdint>

namespace stereofarm {

// From here on, tensors of the processor take their memory from where images do
// (common/image/image_memory.h), which keeps what comes back: a network asks for the same sizes
// with every frame, and new pages cost it a tenth of its time. Any number of times, from any
// thread.
void KeepTensorMemory();

// Bytes of the processor's tensors that live now, and the most that ever lived at one time since
// the last call; only those that were made since KeepTensorMemory. Thread-safe.
struct TensorBytes {
  int64_t now = 0;
  int64_t peak = 0;
};
TensorBytes TakeTensorBytes();

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_NN_TENSOR_MEMORY_H_
