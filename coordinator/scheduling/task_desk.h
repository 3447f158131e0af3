#ifndef STEREOFARM_COORDINATOR_SCHEDULING_TASK_DESK_H_
#define STEREOFARM_COORDINATOR_SCHEDULING_TASK_DESK_H_

#include <string>

#include "common/base/status.h"
#include "coordinator/scheduling/lease_book.h"
#include "coordinator/store/farm_store.h"

namespace stereofarm {

// Moves tasks from state to state: asks the table of legal moves, writes the row and keeps the
// book of leases in step. Works inside the caller's change of the store and under its lock.
class TaskDesk {
 public:
  TaskDesk(FarmStore* store, LeaseBook* leases) : store_(store), leases_(leases) {}

  // The task belongs to the plan and all that it reads is there: a result that was made from the
  // same basis is kept (true), else it's ready to be run. `numeric_class`: of its shot; empty: any.
  absl::StatusOr<bool> Want(const TaskRecord& task);
  // A task between depth and segment, of a shard whose segment is there: a result that it has, or
  // had, stays in the plan; without one there's no need for it.
  absl::Status LeaveOut(const std::string& job, const std::string& task);
  // The task belongs to the plan, but what it reads isn't there yet. A result that it has stays
  // until Want decides about it.
  absl::Status Expect(const TaskRecord& task);

  // From any state but done; a lease is taken away. Nothing to do where the move isn't legal
  // because it's there already.
  absl::Status MoveTo(const TaskRecord& task, TaskState to);
  // done -> superseded -> ready: its result is gone or damaged.
  absl::Status RunAgain(const TaskRecord& task);

  // Tasks have become ready since the last call.
  bool TakeBecameReady() { return std::exchange(became_ready_, false); }
  void NoteReady() { became_ready_ = true; }

 private:
  // A range of frames may lie in another shot than in an earlier plan.
  absl::Status PutInShot(const TaskRecord& row, int64_t shot_begin);
  absl::Status Apply(const TaskRecord& task, TaskState to);

  FarmStore* store_;
  LeaseBook* leases_;
  bool became_ready_ = false;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_SCHEDULING_TASK_DESK_H_
