#ifndef STEREOFARM_COMMON_IMAGE_IMAGE_MEMORY_H_
#define STEREOFARM_COMMON_IMAGE_IMAGE_MEMORY_H_

#include <cstddef>

namespace stereofarm {

// Memory for the pixels of images, and for matrices and tensors. They come and go with every frame:
// what is returned is kept, and pieces of any size are cut from it again, since getting as much
// anew from the kernel costs about as much time as computing what goes into it. As much is kept as
// leaves the whole, with what is in use, at the most that ever was in use at once, and 8 MiB:
// keeping raises the process's peak by no more than that. Thread-safe.

// `bytes` uninitialised bytes, aligned to 64; a multiple of 64. Throws std::bad_alloc.
float* TakeImageMemory(size_t bytes);
// `memory` from TakeImageMemory(bytes), or null.
void ReturnImageMemory(float* memory, size_t bytes);

// Bytes that are kept for the next images.
size_t KeptImageMemory();
// Gives what is kept back to the kernel.
void DropKeptImageMemory();

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_IMAGE_IMAGE_MEMORY_H_
