#ifndef STEREOFARM_COORDINATOR_SCHEDULING_JOB_FLOW_H_
#define STEREOFARM_COORDINATOR_SCHEDULING_JOB_FLOW_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "coordinator/reconcile/shot_solution.h"
#include "coordinator/scheduling/film_access.h"
#include "coordinator/scheduling/task_desk.h"
#include "coordinator/store/farm_store.h"

namespace stereofarm {

// What a job needs that takes longer than the engine's lock may be held.
struct Chore {
  enum class Kind { kIndex, kFindShots, kReconcile, kAssemble, kTidy, kNote };
  Kind kind = Kind::kIndex;
  std::string job;
  int64_t shot_begin = kNoShot;  // of kReconcile
  bool operator==(const Chore&) const = default;
};

// Takes a job from one step to the next (docs: life of a film):
//   index -> scan tasks -> shots -> depth tasks -> reconcile a shot -> its render tasks -> assemble
// Every method does what has become possible by what has just happened, and leaves in TakeChores
// what has to be done in the background. Asked twice, it does nothing the second time, so that a
// restart may ask again. Works inside the caller's change of the store and under its lock.
class JobFlow {
 public:
  JobFlow(FarmStore* store, TaskDesk* desk, Clock* clock)
      : store_(store), desk_(desk), clock_(clock) {}

  // The film has been read: plans the scan anew. Results from before are kept where their basis
  // hasn't changed.
  absl::Status OnIndexed(JobRecord job, const IndexedFilm& film, const std::string& model_files);
  // `complete`: the range has no more shots.
  absl::Status OnShots(const std::string& job_id, const std::vector<FrameRange>& shots,
                       bool complete);
  // The result of `task` can be read.
  absl::Status OnPublished(const TaskRecord& task);
  absl::Status OnReconciled(const std::string& job_id, int64_t shot_begin,
                            const ShotSolution& solution);
  absl::Status OnAssembled(const std::string& job_id, const std::vector<std::string>& remarks);

  // A done task's result turned out damaged or gone: it runs again, or the job fails when that has
  // happened too often.
  absl::Status OnDamaged(const TaskRecord& task, const std::string& message);
  // Room is short: the depth of at most `most` shards of finished shots goes; of how many it did.
  absl::StatusOr<int> DropFinishedDepth(const JobRecord& job, int most);
  // Its shot's class of workers is gone: the shot begins again with whoever comes.
  absl::Status RestartShot(const std::string& job_id, int64_t shot_begin);
  // No task of the shot is leased or done any more: any class of workers may take it.
  absl::Status FreeClassIfUnused(const std::string& job_id, int64_t shot_begin);

  // Looks at the film again with `settings`, whatever the job's state.
  absl::Status Continue(JobRecord job, const JobSettings& settings, bool replace);
  absl::Status Fail(const std::string& job_id, const std::string& error);
  absl::Status Cancel(const std::string& job_id);
  // After a restart: asks for whatever the job's state calls for.
  absl::Status Resume(const JobRecord& job);
  // Finds what breaks an invariant (docs/developers.md) and nothing would wake any more, and wakes
  // it. Cheap: some milliseconds with thousands of shots.
  absl::Status Repair(const JobRecord& job, const std::function<bool(const Chore&)>& is_at_work);

  std::vector<Chore> TakeChores() { return std::exchange(chores_, {}); }
  // Folders of attempts that no row names any more.
  std::vector<std::string> TakeDropped() { return std::exchange(dropped_, {}); }

 private:
  absl::Status PlanOneShot(const JobRecord& job, const FrameRange& frames);
  // The shard with the overlap that it was to have, or is having, when the film was last looked at:
  // it begins again with more only where the gate's reasons have changed.
  absl::StatusOr<Shard> AsWidened(const JobRecord& job, const ShotRecord& shot,
                                  const Shard& planned);
  // Makes the shards on both sides of seams over the gate run again with more overlap; false: no
  // seam is, or there is no more to be had.
  absl::StatusOr<bool> WidenSeams(const JobRecord& job, const ShotRecord& shot,
                                  std::vector<ShardRecord> shards, const ShotSolution& solution);
  absl::Status CheckDepth(const std::string& job_id, ShotRecord shot);
  absl::Status ReleaseShot(const JobRecord& job, const ShotRecord& shot);
  // Those that the shot's depth has a say in.
  absl::Status ReleaseNeighbours(const JobRecord& job, const ShotRecord& shot);
  // True: the shard's segment is there, made as it's planned now, and needs nothing before it.
  absl::StatusOr<bool> KeepSegment(const JobRecord& job, const ShotRecord& shot,
                                   const std::vector<ShardRecord>& shards, size_t index);
  // Depth that the shard's eyes are made of and was dropped.
  absl::Status MakeDepthAgain(const JobRecord& job, const std::vector<ShardRecord>& shards,
                              const Shard& shard);
  // Nobody needs the task's result any more: its files go.
  absl::Status Drop(const TaskRecord& task);
  // Makes the tasks behind a reconciled shard's depth ready, as far as their inputs are there;
  // none while a shot beside it has a say and isn't reconciled.
  absl::Status ReleaseShard(const JobRecord& job, const ShotRecord& shot,
                            const std::vector<ShardRecord>& shards, size_t index);
  absl::Status FinishIfComplete(const std::string& job_id);
  absl::Status SetState(JobRecord* job, JobState state);
  absl::StatusOr<JobRecord> GetJob(const std::string& id);
  // Takes the leases and everything else that isn't done out of the running.
  absl::Status StopTasks(const std::string& job_id, TaskState to);
  void Ask(Chore::Kind kind, const std::string& job, int64_t shot_begin = kNoShot);

  FarmStore* store_;
  TaskDesk* desk_;
  Clock* clock_;
  std::vector<Chore> chores_;
  std::vector<std::string> dropped_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_SCHEDULING_JOB_FLOW_H_
