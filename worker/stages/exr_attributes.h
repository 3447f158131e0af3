#ifndef STEREOFARM_WORKER_STAGES_EXR_ATTRIBUTES_H_
#define STEREOFARM_WORKER_STAGES_EXR_ATTRIBUTES_H_

#include <cstdint>
#include <map>
#include <string>

#include "worker/stages/task_run.h"

namespace stereofarm {

using ExrAttributes = std::map<std::string, std::string>;

inline constexpr char kModelAttribute[] = "stereofarm:model";

// What every EXR of the farm says about itself: job, frame, PTS, what made it and the colour of the
// source.
inline ExrAttributes AttributesOf(const TaskRun& run, int64_t frame, const std::string& model) {
  const FrameIndex& index = *run.index();
  const ColorInfo& color = index.video.color;
  return {{"stereofarm:job", run.spec().job},
          {"stereofarm:frame", std::to_string(frame)},
          {"stereofarm:pts", std::to_string(run.PtsOf(frame)) + " * " +
                                 std::to_string(index.time_base.num) + "/" +
                                 std::to_string(index.time_base.den) + " s"},
          {kModelAttribute, model},
          {"stereofarm:color", "code values; primaries " + color.primaries + ", transfer " +
                                   color.transfer + ", matrix " + color.matrix}};
}

}  // namespace stereofarm

#endif  // STEREOFARM_WORKER_STAGES_EXR_ATTRIBUTES_H_
