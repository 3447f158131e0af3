#ifndef STEREOFARM_COORDINATOR_ASSEMBLY_DEPTH_FOLDER_H_
#define STEREOFARM_COORDINATOR_ASSEMBLY_DEPTH_FOLDER_H_

#include <cstdint>
#include <filesystem>

#include "common/base/status.h"
#include "common/timeline/frame_range.h"

namespace stereofarm {

// InvalidArgument unless `folder`, of --depth exr:DIR, has as many EXR files as the film has
// frames, or `range`, what is made of the film, and the first and last of them (in the order of
// their names) have the picture's size: what was found and what was expected. A file that can't be
// opened is DataLoss.
absl::Status CheckDepthFolder(const std::filesystem::path& folder, int64_t frames,
                              const FrameRange& range, int width, int height);

// Whether the folder's first file says that a job has exported it; false for an empty folder.
absl::StatusOr<bool> HoldsExport(const std::filesystem::path& folder);

// InvalidArgument where the folder's first file says that it holds no metres but depth from 0 to 1,
// as an export does, which a rig can't use.
absl::Status CheckMetres(const std::filesystem::path& folder);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_ASSEMBLY_DEPTH_FOLDER_H_
