#ifndef STEREOFARM_COMMON_ARTIFACTS_JOB_NOTE_H_
#define STEREOFARM_COMMON_ARTIFACTS_JOB_NOTE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "common/farm/job_settings.h"
#include "common/farm/task.h"
#include "common/timeline/frame_range.h"

namespace stereofarm {

// What lies beside a job's results as job.pb, so that a lost database can be made again: what was
// asked for and how far it got. Shots, depth ranges and seams follow from the committed results.
struct JobNote {
  std::string job;
  JobState state = JobState::kQueued;
  JobSettings settings;
  bool replace = false;
  int64_t priority = 0;
  bool paused = false;
  int64_t max_workers = 0;
  std::vector<std::string> tags;
  std::string owner;
  std::string error;
  std::string source_identity;
  std::string model_files;
  std::string fingerprint;
  FrameRange range;
  int64_t created_micros = 0;
  int64_t started_micros = 0;
  int64_t ended_micros = 0;
  bool operator==(const JobNote&) const = default;
};

inline constexpr char kJobNoteFile[] = "job.pb";

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_ARTIFACTS_JOB_NOTE_H_
