#ifndef STEREOFARM_COMMON_IMAGE_IMAGE_MEMORY_H_
#define STEREOFARM_COMMON_IMAGE_IMAGE_MEMORY_H_

#include <cstddef>

namespace stereofarm {

// Memory for the pixels of images. They come and go with every frame and have few sizes: what is
// returned is kept, up to a limit, and given out again, since getting as much anew from the kernel
// costs about as much time as computing what goes into it. Thread-safe.

// `bytes` uninitialised bytes, aligned to 64; a multiple of 64. Throws std::bad_alloc.
float* TakeImageMemory(size_t bytes);
// `memory` from TakeImageMemory(bytes), or null.
void ReturnImageMemory(float* memory, size_t bytes);

// Bytes that are kept for the next images.
size_t KeptImageMemory();
// Gives what is kept back to the allocator: the next task may need other sizes.
void DropKeptImageMemory();
inline constexpr size_t kMostKeptImageMemory = size_t{256} << 20;
// From here on, up to `most` bytes are kept: for what works on more at once.
void KeepMoreImageMemory(size_t most);

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_IMAGE_IMAGE_MEMORY_H_
