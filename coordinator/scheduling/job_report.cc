#include "coordinator/scheduling/job_report.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "coordinator/scheduling/legal_moves.h"
#include "coordinator/scheduling/task_spec.h"

namespace stereofarm {
namespace {

// Steps of a stage whose frames aren't known yet.
constexpr int64_t kShareSteps = 1000;

StageReport StageOfShare(const char* name, double share, int64_t frames, bool running) {
  const int64_t total = frames > 0 ? frames : kShareSteps;
  return {name, std::llround(share * static_cast<double>(total)), total, running ? 1 : 0};
}

// Frames of the core that a running task has behind it.
int64_t FramesDone(const HeldLease& lease) {
  const bool is_skeleton = lease.frames != lease.core.size();
  if (is_skeleton || lease.frames_total <= 0) return 0;
  return std::min(lease.core.size(), lease.core.size() * lease.frames_done / lease.frames_total);
}

}  // namespace

absl::StatusOr<JobReport> ReportJob(FarmStore* store, const LeaseBook& leases, const JobRecord& job,
                                    double index_share, double assembly_share,
                                    int64_t now_wall_micros, bool detail) {
  JobReport report;
  report.job = job;
  const int64_t end = job.ended_micros > 0 ? job.ended_micros : now_wall_micros;
  report.seconds = static_cast<double>(std::max<int64_t>(0, end - job.started_micros)) * 1e-6;
  report.tasks.run = static_cast<int>(job.tasks_run);
  report.tasks.reused = static_cast<int>(job.tasks_reused);

  std::map<TaskKind, StageReport> stages;
  SF_ASSIGN_OR_RETURN(const std::vector<TaskTally> tallies, store->tasks().Tally(job.id));
  for (const TaskTally& tally : tallies) {
    const int tasks = static_cast<int>(tally.tasks);
    report.tasks.total += tasks;
    switch (tally.state) {
      case TaskState::kWaiting:
        report.tasks.waiting += tasks;
        break;
      case TaskState::kReady:
        report.tasks.ready += tasks;
        break;
      case TaskState::kLeased:
        report.tasks.leased += tasks;
        break;
      case TaskState::kDone:
        report.tasks.done += tasks;
        stages[tally.kind].frames_done += tally.frames;
        break;
      case TaskState::kFailed:
        report.tasks.failed += tasks;
        break;
      case TaskState::kSuperseded:
      case TaskState::kCancelled:
        break;
    }
  }
  for (const HeldLease& lease : leases.OfJob(job.id)) {
    StageReport& stage = stages[lease.kind];
    ++stage.tasks_running;
    stage.frames_done += FramesDone(lease);
  }

  const int64_t frames = job.range.size();
  const bool indexed = job.state != JobState::kQueued && frames > 0;
  report.stages.push_back(
      StageOfShare("index", indexed ? 1.0 : index_share, frames, job.state == JobState::kQueued));
  std::vector<TaskKind> kinds = KindsOf(job.settings);
  kinds.insert(kinds.begin(), TaskKind::kScan);
  for (TaskKind kind : kinds) {
    StageReport stage = stages[kind];
    stage.stage = TaskKindName(kind);
    stage.frames_total = frames;
    stage.frames_done = std::min(stage.frames_done, frames);
    report.stages.push_back(stage);
  }
  const bool done = job.state == JobState::kDone;
  report.stages.push_back(StageOfShare("assemble", done ? 1.0 : assembly_share, frames,
                                       job.state == JobState::kAssembling));
  SF_ASSIGN_OR_RETURN(report.remarks, store->jobs().Remarks(job.id));
  if (!detail) return report;
  SF_ASSIGN_OR_RETURN(report.missing, store->tasks().Failed(job.id, kMostMissing));
  SF_ASSIGN_OR_RETURN(report.shots, store->shots().All(job.id));
  SF_ASSIGN_OR_RETURN(report.shards, store->shots().Shards(job.id, job.range));
  SF_ASSIGN_OR_RETURN(report.seams, store->shots().Seams(job.id));
  report.cuts = CutReports(job.settings, report.shots);
  return report;
}

}  // namespace stereofarm
