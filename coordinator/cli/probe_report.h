#ifndef STEREOFARM_COORDINATOR_CLI_PROBE_REPORT_H_
#define STEREOFARM_COORDINATOR_CLI_PROBE_REPORT_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/media/frame_index.h"
#include "common/media/media_info.h"

namespace stereofarm {

// All that `probe` found out about a film.
struct ProbedFilm {
  std::filesystem::path file;
  MediaInfo media;
  std::shared_ptr<const FrameIndex> index;
  std::optional<std::vector<int64_t>> cuts;  // not looked for: nothing
};

// Whether the frames' distances differ by more than the rounding of their timestamps.
bool HasVariableFrameRate(const FrameIndex& index);

// Lines for people, and one JSON object without the line's end.
std::string ProbeText(const ProbedFilm& film);
std::string ProbeJson(const ProbedFilm& film);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_CLI_PROBE_REPORT_H_
