#ifndef STEREOFARM_MODELS_NN_TENSOR_MEMORY_H_
#define STEREOFARM_MODELS_NN_TENSOR_MEMORY_H_

namespace stereofarm {

// From here on, tensors of the processor take their memory from where images do
// (common/image/image_memory.h), which keeps what comes back: a network asks for the same sizes
// with every frame, and new pages cost it a tenth of its time. Any number of times, from any
// thread.
void KeepTensorMemory();

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_NN_TENSOR_MEMORY_H_
