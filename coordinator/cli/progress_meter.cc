#include "coordinator/cli/progress_meter.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"

namespace stereofarm {
namespace {

// What a frame costs in each stage, roughly and relative to the others, for the time left.
double Cost(const std::string& stage) {
  static const std::map<std::string, double> costs = {
      {"index", 0.2}, {"scan", 3},     {"depth", 55},  {"render", 40},
      {"warp", 15},   {"inpaint", 15}, {"encode", 15}, {"assemble", 1}};
  const auto found = costs.find(stage);
  return found == costs.end() ? 1 : found->second;
}

constexpr double kLeastSeconds = 2;
constexpr double kLeastShare = 0.02;

}  // namespace

double StageState::share() const {
  if (total <= 0) return 0;
  return std::clamp(static_cast<double>(done) / static_cast<double>(total), 0.0, 1.0);
}

Progress ProgressMeter::Update(const v1::JobStatus& status, int64_t now_micros) {
  Progress progress;
  double cost = 0;
  double paid = 0;
  for (const v1::StageProgress& stage : status.stages()) {
    StageState state;
    state.stage = stage.stage();
    state.done = stage.frames_done();
    state.total = stage.frames_total();
    state.running = stage.tasks_running() > 0;
    const auto [found, is_new] = starts_.try_emplace(state.stage);
    Start& start = found->second;
    if (is_new || state.done < start.done) start = {now_micros, state.done};
    // The clock of a stage that waits for its first frame begins when somebody works on it.
    if (!start.moved && !state.running && state.done == start.done) start.micros = now_micros;
    const double seconds = static_cast<double>(now_micros - start.micros) / 1e6;
    // A finished stage keeps the speed that it had.
    if (state.done > start.done && seconds > 0 && !(state.finished() && start.finished)) {
      start.fps = static_cast<double>(state.done - start.done) / seconds;
    }
    start.moved = state.done > start.done;
    start.finished = state.finished();
    state.fps = start.fps;
    cost += Cost(state.stage);
    paid += Cost(state.stage) * state.share();
    progress.stages.push_back(state);
  }
  const double share = cost > 0 ? paid / cost : 0;
  if (!first_micros_) {
    first_micros_ = now_micros;
    first_share_ = share;
  }
  const double seconds = static_cast<double>(now_micros - *first_micros_) / 1e6;
  if (seconds >= kLeastSeconds && share - first_share_ >= kLeastShare && share < 1) {
    progress.seconds_left = seconds * (1 - share) / (share - first_share_);
  }
  return progress;
}

std::string DurationText(double seconds) {
  const auto whole = static_cast<int64_t>(std::llround(std::max(0.0, seconds)));
  if (whole < 3600) return absl::StrFormat("%d:%02d", whole / 60, whole % 60);
  return absl::StrFormat("%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60);
}

}  // namespace stereofarm
