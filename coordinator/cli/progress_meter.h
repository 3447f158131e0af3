#ifndef STEREOFARM_COORDINATOR_CLI_PROGRESS_METER_H_
#define STEREOFARM_COORDINATOR_CLI_PROGRESS_METER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "proto/jobs.pb.h"

namespace stereofarm {

// How far one stage is.
struct StageState {
  std::string stage;
  int64_t done = 0;
  int64_t total = 0;
  bool running = false;
  double fps = 0;  // since it was first seen to move; 0: it hasn't yet

  double share() const;
  bool finished() const { return total > 0 && done >= total; }
  bool operator==(const StageState&) const = default;
};

struct Progress {
  std::vector<StageState> stages;
  // Of the whole job, a guess that gets better; nothing until there is something to go by.
  std::optional<double> seconds_left;
};

// Makes speeds and the time left out of a job's statuses. What was done before the first one (by
// an earlier run) doesn't count as speed.
class ProgressMeter {
 public:
  Progress Update(const v1::JobStatus& status, int64_t now_micros);

 private:
  struct Start {
    int64_t micros = 0;
    int64_t done = 0;
    bool moved = false;
    bool finished = false;
    double fps = 0;
  };
  std::map<std::string, Start> starts_;
  std::optional<int64_t> first_micros_;
  double first_share_ = 0;
};

// "0:07", "12:40", "1:02:03".
std::string DurationText(double seconds);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_CLI_PROGRESS_METER_H_
