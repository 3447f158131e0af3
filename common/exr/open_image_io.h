#ifndef STEREOFARM_COMMON_EXR_OPEN_IMAGE_IO_H_
#define STEREOFARM_COMMON_EXR_OPEN_IMAGE_IO_H_

#include <filesystem>
#include <string>

#include "common/base/status.h"

namespace stereofarm {

// The calling thread does all the work: a worker's parallelism is its stages', and bytes never
// depend on a machine's cores. Before anything else is asked of OpenImageIO; thread-safe.
void OpenImageIoOnOneThread();

// What a failure to write `path` means, which is removed: `code` is errno as it was left (a full
// disk is ResourceExhausted), `error` what OpenImageIO says.
absl::Status PictureWriteFailure(const std::filesystem::path& path, const std::string& error,
                                 int code);

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_EXR_OPEN_IMAGE_IO_H_
