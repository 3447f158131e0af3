#ifndef STEREOFARM_COORDINATOR_ASSEMBLY_DEPTH_FOLDER_H_
#define STEREOFARM_COORDINATOR_ASSEMBLY_DEPTH_FOLDER_H_

#include <cstdint>
#include <filesystem>

#include "common/base/status.h"

namespace stereofarm {

// InvalidArgument unless `folder`, of --depth exr:DIR, has as many EXR files as the film has frames
// and the first and last of them (in the order of their names) have the picture's size: what was
// found and what was expected. A file that can't be opened is DataLoss.
absl::Status CheckDepthFolder(const std::filesystem::path& folder, int64_t frames, int width,
                              int height);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_ASSEMBLY_DEPTH_FOLDER_H_
