// JobFlow: the invariants of jobs that aren't at an end (docs/developers.md), and what restores
// them.
#include <optional>

#include "common/base/log.h"
#include "coordinator/scheduling/cut_eases.h"
#include "coordinator/scheduling/job_flow.h"

namespace stereofarm {

absl::Status JobFlow::Repair(const JobRecord& job,
                             const std::function<bool(const Chore&)>& is_at_work) {
  const auto ask = [&](Chore::Kind kind, int64_t shot_begin = kNoShot) {
    if (is_at_work({kind, job.id, shot_begin})) return;
    SF_LOG(kInfo) << "job " << job.id << " is " << JobStateName(job.state)
                  << " and nothing is done about it: it goes on";
    Ask(kind, job.id, shot_begin);
  };
  if (job.state == JobState::kQueued) ask(Chore::Kind::kIndex);
  if (job.state == JobState::kAssembling) ask(Chore::Kind::kAssemble);
  if (job.state != JobState::kRunning) return absl::OkStatus();
  if (!job.planned) {
    SF_ASSIGN_OR_RETURN(const bool scanning,
                        store_->tasks().AnyUnpublished(job.id, kNoShot, TaskKind::kScan));
    if (!scanning) ask(Chore::Kind::kFindShots);
  }
  SF_ASSIGN_OR_RETURN(const std::vector<TaskRecord> taken_out, store_->stuck().TakenOut(job.id));
  for (const TaskRecord& task : taken_out) {
    SF_LOG(kWarning) << "job " << job.id << ": " << task.name << " was "
                     << TaskStateName(task.state) << ", though the film needs it";
    if (task.state == TaskState::kCancelled) {
      SF_RETURN_IF_ERROR(desk_->MoveTo(task, TaskState::kSuperseded));
    }
    const bool reads_nothing = task.kind == TaskKind::kScan || task.kind == TaskKind::kDepth;
    SF_RETURN_IF_ERROR(store_->tasks()
                           .Prepare(task, TaskState::kSuperseded,
                                    reads_nothing ? TaskState::kReady : TaskState::kWaiting)
                           .status());
    desk_->NoteReady();
  }
  SF_ASSIGN_OR_RETURN(const std::vector<int64_t> with_depth,
                      store_->stuck().ShotsWithAllDepth(job.id));
  for (const int64_t begin : with_depth) {
    SF_ASSIGN_OR_RETURN(const std::optional<ShotRecord> shot, store_->shots().Get(job.id, begin));
    if (shot) SF_RETURN_IF_ERROR(CheckDepth(job.id, *shot));
  }
  SF_ASSIGN_OR_RETURN(const std::vector<int64_t> to_reconcile,
                      store_->stuck().ShotsToReconcile(job.id));
  for (const int64_t begin : to_reconcile) ask(Chore::Kind::kReconcile, begin);
  SF_ASSIGN_OR_RETURN(const std::vector<int64_t> to_release,
                      store_->stuck().ShotsToRelease(job.id));
  for (const int64_t begin : to_release) {
    SF_ASSIGN_OR_RETURN(const std::optional<ShotRecord> shot, store_->shots().Get(job.id, begin));
    if (!shot) continue;
    SF_ASSIGN_OR_RETURN(const std::optional<ShotEases> eases, EasesOf(store_, job, *shot));
    if (!eases) continue;  // they wait for a shot beside it
    SF_LOG(kWarning) << "job " << job.id << ": tasks of the shot at frame " << begin
                     << " waited for nothing";
    SF_RETURN_IF_ERROR(ReleaseShot(job, *shot));
  }
  return FinishIfComplete(job.id);
}

}  // namespace stereofarm
