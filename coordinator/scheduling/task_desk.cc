#include "coordinator/scheduling/task_desk.h"

#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/farm/stage_key.h"
#include "coordinator/scheduling/legal_moves.h"

namespace stereofarm {
namespace {

bool IsReusable(const TaskRecord& row, const TaskRecord& wanted) {
  return row.state == TaskState::kDone && row.published && !row.committed_directory.empty() &&
         row.stage_key == StageKey(wanted.stage_basis, row.numeric_class) &&
         (wanted.numeric_class.empty() || wanted.numeric_class == row.numeric_class);
}

}  // namespace

absl::StatusOr<bool> TaskDesk::Want(const TaskRecord& task) {
  SF_ASSIGN_OR_RETURN(const std::optional<TaskRecord> found,
                      store_->tasks().Get(task.job, task.name));
  if (!found) {
    TaskRecord row = task;
    row.state = TaskState::kReady;
    became_ready_ = true;
    SF_RETURN_IF_ERROR(store_->tasks().Insert(row));
    return false;
  }
  SF_RETURN_IF_ERROR(PutInShot(*found, task.shot_begin));
  TaskRecord row = *found;
  if (IsReusable(row, task)) {
    if (!row.wanted) {
      SF_RETURN_IF_ERROR(store_->jobs().CountReused(task.job));
      SF_RETURN_IF_ERROR(store_->tasks().SetWanted(task.job, task.name, true));
    }
    return true;
  }
  if (row.state == TaskState::kDone && !row.published &&
      row.stage_key == StageKey(task.stage_basis, row.numeric_class)) {
    // Being published this very moment.
    SF_RETURN_IF_ERROR(store_->tasks().SetWanted(task.job, task.name, true));
    return false;
  }
  if (row.state == TaskState::kLeased && row.stage_basis == task.stage_basis &&
      (task.numeric_class.empty() || task.numeric_class == row.numeric_class)) {
    SF_RETURN_IF_ERROR(store_->tasks().SetWanted(task.job, task.name, true));
    return false;
  }
  if (row.state == TaskState::kReady && row.wanted && row.stage_basis == task.stage_basis &&
      row.numeric_class == task.numeric_class) {
    return false;
  }
  if (row.state != TaskState::kWaiting && row.state != TaskState::kSuperseded) {
    SF_RETURN_IF_ERROR(Apply(row, TaskState::kSuperseded));
    row.state = TaskState::kSuperseded;
  }
  SF_ASSIGN_OR_RETURN(const bool moved,
                      store_->tasks().Prepare(task, row.state, TaskState::kReady));
  if (!moved) return absl::InternalError(absl::StrFormat("%s could not be made ready", task.name));
  became_ready_ = true;
  return false;
}

absl::Status TaskDesk::LeaveOut(const std::string& job, const std::string& task) {
  SF_ASSIGN_OR_RETURN(const std::optional<TaskRecord> row, store_->tasks().Get(job, task));
  if (!row) return absl::OkStatus();
  if (row->state == TaskState::kDone) {
    if (row->wanted) return absl::OkStatus();
    SF_RETURN_IF_ERROR(store_->jobs().CountReused(job));
    return store_->tasks().SetWanted(job, task, true);
  }
  SF_RETURN_IF_ERROR(MoveTo(*row, TaskState::kSuperseded));
  return row->wanted ? store_->tasks().SetWanted(job, task, false) : absl::OkStatus();
}

absl::Status TaskDesk::Expect(const TaskRecord& task) {
  SF_ASSIGN_OR_RETURN(const std::optional<TaskRecord> row,
                      store_->tasks().Get(task.job, task.name));
  if (!row) {
    TaskRecord inserted = task;
    inserted.state = TaskState::kWaiting;
    return store_->tasks().Insert(inserted);
  }
  SF_RETURN_IF_ERROR(PutInShot(*row, task.shot_begin));
  if (row->state != TaskState::kSuperseded) return absl::OkStatus();
  TaskRecord waiting = task;
  waiting.stage_basis.clear();
  return store_->tasks().Prepare(waiting, row->state, TaskState::kWaiting).status();
}

absl::Status TaskDesk::PutInShot(const TaskRecord& row, int64_t shot_begin) {
  if (row.shot_begin == shot_begin) return absl::OkStatus();
  return store_->tasks().SetShot(row.job, row.name, shot_begin);
}

absl::Status TaskDesk::MoveTo(const TaskRecord& task, TaskState to) {
  if (task.state == to) return absl::OkStatus();
  return Apply(task, to);
}

absl::Status TaskDesk::RunAgain(const TaskRecord& task) {
  SF_RETURN_IF_ERROR(Apply(task, TaskState::kSuperseded));
  TaskRecord superseded = task;
  superseded.state = TaskState::kSuperseded;
  return Apply(superseded, TaskState::kReady);
}

absl::Status TaskDesk::Apply(const TaskRecord& task, TaskState to) {
  if (!IsLegalMove(task.state, to)) {
    return absl::InternalError(absl::StrFormat("%s of job %s cannot go from %s to %s", task.name,
                                               task.job, TaskStateName(task.state),
                                               TaskStateName(to)));
  }
  bool moved = false;
  if (task.state == TaskState::kLeased) {
    SF_ASSIGN_OR_RETURN(
        moved, store_->tasks().Release({task.job, task.name, task.epoch, task.lease_id}, to));
    leases_->Revoke(task.job, task.name);
  } else {
    SF_ASSIGN_OR_RETURN(moved, store_->tasks().Move(task.job, task.name, task.state, to));
  }
  if (!moved) {
    return absl::InternalError(absl::StrFormat("%s of job %s is not %s any more", task.name,
                                               task.job, TaskStateName(task.state)));
  }
  if (to == TaskState::kReady) became_ready_ = true;
  return absl::OkStatus();
}

}  // namespace stereofarm
