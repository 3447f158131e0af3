#ifndef STEREOFARM_MODELS_NN_HOST_MEMORY_H_
#define STEREOFARM_MODELS_NN_HOST_MEMORY_H_

#include <cstdint>
#include <filesystem>

namespace stereofarm {

// Bytes of the machine's memory that this process can still take without anything being swapped
// out or killed: what the kernel calls available, and no more than the process's control group
// (version 2) and those above it leave. Files in the page cache count as free. INT64_MAX where the
// kernel doesn't say. `root`: where proc and sys are.
int64_t FreeHostMemory(const std::filesystem::path& root = "/");

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_NN_HOST_MEMORY_H_
