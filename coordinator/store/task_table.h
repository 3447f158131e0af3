#ifndef STEREOFARM_COORDINATOR_STORE_TASK_TABLE_H_
#define STEREOFARM_COORDINATOR_STORE_TASK_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "coordinator/store/known_tasks.h"
#include "coordinator/store/records.h"

namespace stereofarm {

class Database;

// Who asks for a task.
struct Claimant {
  std::string worker;
  std::string numeric_class;
  // No other worker could take tasks of any class / of this class: then it gets a task again that
  // it has failed before.
  bool alone = false;
  bool alone_in_class = false;
};

// What a committed attempt leaves in its row.
struct TaskResult {
  std::string stage_key;
  std::string numeric_class;
  std::string directory;  // relative to the store
  double seconds = 0;
};

// What an attempt that came to nothing leaves in its task's row.
struct Setback {
  bool counts = false;       // towards the failures after which the task is put aside
  bool free = false;         // a failure that doesn't
  bool smaller = false;      // the next attempt takes a memory step more
  std::string avoid_worker;  // goes to another worker, if there is one
  std::string error;
};

// The tasks of all jobs. Which moves between states are legal is the caller's business
// (scheduling/legal_moves.h); what is written here always names the state that it comes from. Not
// thread-safe.
class TaskTable {
 public:
  explicit TaskTable(Database* database) : database_(database) {}

  absl::Status Insert(const TaskRecord& task);
  // Puts a row with a committed result, found on disk, in place of what there may be: done and
  // published. What is written: name, kind, core, shot, wanted, epoch, lease id, class, stage key,
  // directory.
  absl::Status Restore(const TaskRecord& task);
  // Rows of leased and done tasks are kept until they're written, as many as are worked on.
  absl::StatusOr<std::optional<TaskRecord>> Get(const std::string& job, const std::string& name);
  // What was written is taken back: nothing that has been read counts any more.
  void Forget() { known_.ForgetAll(); }
  // In film order.
  absl::StatusOr<std::vector<TaskRecord>> OfShot(const std::string& job, int64_t shot_begin,
                                                 TaskKind kind);
  absl::StatusOr<std::vector<TaskRecord>> OfJob(const std::string& job);
  absl::StatusOr<std::vector<TaskRecord>> Leased();
  absl::StatusOr<std::vector<TaskRecord>> Unpublished();

  // Leases the first ready task of the job that this worker may take: epoch + 1, one attempt more.
  // Among tasks of the first kind in turn, those that are warm on this worker come first.
  absl::StatusOr<std::optional<TaskRecord>> Claim(const std::string& job, const Claimant& claimant,
                                                  const std::string& lease_id);

  // Writes that belong to a lease; false: the row isn't leased to this attempt (any more).
  absl::StatusOr<bool> Finish(const AttemptRef& attempt, const TaskResult& result);
  // `to`: ready, waiting, failed, superseded or cancelled.
  absl::StatusOr<bool> Release(const AttemptRef& attempt, TaskState to,
                               const Setback& setback = {});

  // Marks the done attempt as readable by others; false: the row has moved on.
  absl::StatusOr<bool> Publish(const AttemptRef& attempt);

  // Moves of tasks that aren't leased; false: the row isn't in `from`.
  absl::StatusOr<bool> Move(const std::string& job, const std::string& name, TaskState from,
                            TaskState to);
  // The same, for a task of the present plan with the inputs, class and warm worker of `task`;
  // counts of failures start afresh.
  absl::StatusOr<bool> Prepare(const TaskRecord& task, TaskState from, TaskState to);
  absl::Status SetWanted(const std::string& job, const std::string& name, bool wanted);
  absl::Status SetShot(const std::string& job, const std::string& name, int64_t shot_begin);
  absl::Status SetAllUnwanted(const std::string& job);
  absl::Status CountDamage(const std::string& job, const std::string& name,
                           const std::string& error);

  // Which class of workers may take the unfinished tasks of a shot; empty: any.
  absl::Status SetClass(const std::string& job, int64_t shot_begin,
                        const std::string& numeric_class);
  // The results of a closed job are gone from the disk.
  absl::Status ForgetDirectories(const std::string& job);
  // One published result that nobody needs any more goes: the row stays done.
  absl::Status ForgetDirectory(const std::string& job, const std::string& name);
  // Published depth that is still there, of reconciled shots with all tasks published; in film
  // order, at most `most`.
  absl::StatusOr<std::vector<TaskRecord>> DepthOfFinishedShots(const std::string& job, int most);

  // Whether the shot has tasks of this kind whose results can't be read yet.
  absl::StatusOr<bool> AnyUnpublished(const std::string& job, int64_t shot_begin, TaskKind kind);
  absl::StatusOr<bool> AnyUnfinished(const std::string& job);
  absl::StatusOr<bool> AnyReady(const std::string& job);
  // Of jobs that aren't paused.
  absl::StatusOr<bool> AnyReadyInRunningJobs();
  // Running jobs of which some tasks have failed for good and no other is ready, at work or waits
  // to be published.
  absl::StatusOr<std::vector<std::string>> JobsWithNothingButFailures();
  // Failed for good, in film order; at most `most`.
  absl::StatusOr<std::vector<TaskRecord>> Failed(const std::string& job, int most);
  // Those of running jobs whose ready tasks wait for one class of workers.
  absl::StatusOr<std::vector<ClassedShot>> ShotsWithReadyTasks();
  // Whether somebody works on the shot.
  absl::StatusOr<bool> AnyLeased(const std::string& job, int64_t shot_begin);
  // Of the present plan.
  absl::StatusOr<std::vector<TaskTally>> Tally(const std::string& job);

 private:
  // The tasks of a thousand workers and their neighbours; some 4 MB.
  static constexpr size_t kMostKnown = 2048;

  Database* database_;
  KnownTasks known_{kMostKnown};
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_STORE_TASK_TABLE_H_
