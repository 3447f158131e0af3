#ifndef STEREOFARM_COORDINATOR_CLI_FILM_CUTS_H_
#define STEREOFARM_COORDINATOR_CLI_FILM_CUTS_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "common/base/status.h"
#include "common/media/frame_index.h"

namespace stereofarm {

// First frames of a film's shots but the first, as the farm finds them: the same features, the
// same decision, but in this process. `progress` gets the number of frames done.
absl::StatusOr<std::vector<int64_t>> FindFilmCuts(const std::filesystem::path& film,
                                                  const std::shared_ptr<const FrameIndex>& index,
                                                  const std::function<void(int64_t)>& progress);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_CLI_FILM_CUTS_H_
