#ifndef STEREOFARM_MODELS_DEPTH_LIBRARY_VERSIONS_H_
#define STEREOFARM_MODELS_DEPTH_LIBRARY_VERSIONS_H_

#include <string>

namespace stereofarm {

// Versions of what models compute with, as they're loaded, for the numeric class:
// "torch2.13.0/opencv4.6.0".
std::string ModelLibraryVersions();

// CUDA devices that LibTorch can use here; 0 for its CPU build.
int UsableCudaDevices();

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_DEPTH_LIBRARY_VERSIONS_H_
