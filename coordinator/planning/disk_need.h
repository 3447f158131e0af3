#ifndef STEREOFARM_COORDINATOR_PLANNING_DISK_NEED_H_
#define STEREOFARM_COORDINATOR_PLANNING_DISK_NEED_H_

#include <cstdint>
#include <vector>

#include "common/farm/job_settings.h"

namespace stereofarm {

// What a film's header says about its size.
struct FilmSize {
  int64_t frames = 0;  // a guess, where only its length and its frame rate are known
  int width = 0;       // upright
  int height = 0;
  double seconds = 0;
  int bits_per_sample = 8;
  int64_t file_bytes = 0;
  bool depth_is_exported = false;  // the folder of --depth exr:DIR is one of --export-depth
};

// Bytes on disk, guessed before a job begins (docs/operators.md says from what).
struct DiskNeed {
  // The most that lies in the store at any time, when depth stays until the film is done.
  int64_t store = 0;
  // The same, when the depth of finished shots goes.
  int64_t store_least = 0;
  // The finished films, one for each of the settings' outputs; they're written while their segments
  // are still in the store.
  std::vector<int64_t> outputs;
  // The folders of depth, one for each of the settings' exports; likewise.
  std::vector<int64_t> exports;
};

// `workers`: that work on the job at the same time, at least 1.
DiskNeed DiskNeedOf(const JobSettings& settings, const FilmSize& film, int64_t workers);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_PLANNING_DISK_NEED_H_
