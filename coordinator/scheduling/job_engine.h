#ifndef STEREOFARM_COORDINATOR_SCHEDULING_JOB_ENGINE_H_
#define STEREOFARM_COORDINATOR_SCHEDULING_JOB_ENGINE_H_

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/artifacts/manifest.h"
#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/base/status.h"
#include "coordinator/planning/disk_need.h"
#include "coordinator/scheduling/allowed_roots.h"
#include "coordinator/scheduling/attempt_files.h"
#include "coordinator/scheduling/background.h"
#include "coordinator/scheduling/disk_guard.h"
#include "coordinator/scheduling/film_access.h"
#include "coordinator/scheduling/job_flow.h"
#include "coordinator/scheduling/job_report.h"
#include "coordinator/scheduling/lease_book.h"
#include "coordinator/scheduling/leased_files.h"
#include "coordinator/scheduling/shot_finder.h"
#include "coordinator/scheduling/stage_speed.h"
#include "coordinator/scheduling/task_desk.h"
#include "coordinator/scheduling/worker_roster.h"
#include "coordinator/store/farm_store.h"

namespace stereofarm {

struct EngineOptions {
  std::filesystem::path store;  // absolute; the root of every relative path
  // What the engine writes into the store at each start, by which workers know it
  // (common/artifacts/store_marker.h); empty: nothing.
  std::string store_marker;
  int64_t lease_micros = 30'000'000;
  // For tasks that ran when the coordinator stopped; at least a lease.
  int64_t grace_micros = 60'000'000;
  // One `convert` owns this coordinator: its workers died with the last one, and films may lie
  // anywhere.
  bool is_private = false;
  // The film that the one `convert` makes: unfinished jobs that write another are paused and left
  // as they are. Empty: all jobs go on.
  std::string only_output;
  // Films may only be read and written below these (and below the store), unless private.
  std::vector<std::filesystem::path> allowed;
  // The coordinator's own files and folders in them, which no job touches.
  std::vector<std::filesystem::path> kept;
  // Where the weights of the registry's networks lie (models/registry/model_folder.h).
  std::filesystem::path models;
};

// The outside world; all of it outlives the engine.
struct EngineParts {
  FarmStore* store = nullptr;
  AttemptFiles* files = nullptr;
  FilmAccess* films = nullptr;
  Background* background = nullptr;
  Clock* clock = nullptr;
  Random* random = nullptr;
  DiskGuard* disks = nullptr;  // none: disks are never low
};

struct SubmitOrder {
  JobSettings settings;
  bool replace = false;
  bool continue_existing = false;
  int64_t priority = 0;
  int64_t max_workers = 0;  // at the same time; 0: any number
  std::vector<std::string> tags;
  std::string owner;  // who submits, on a farm that knows its callers
  // Begins even if the disks look too small for it.
  bool no_space_check = false;
  int64_t workers_to_come = 0;  // that will join the farm for this job; 0: those that are there
};

struct SubmitResult {
  std::string job;
  bool already_done = false;  // OUT is this very job's finished film
  DiskNeed need;              // unless it's already done
};

// What a worker says about a task that it has finished.
struct TaskReport {
  std::string worker;
  AttemptRef attempt;
  Manifest manifest;
  double seconds = 0;  // that it took
};

// The farm's jobs and tasks: hands tasks out, takes results in, takes jobs from step to step.
// Thread-safe; no method holds the lock while it reads or writes films or results. What it answers
// survives a crash right after. Background work may call in until StopBackground returns.
class JobEngine {
 public:
  JobEngine(EngineOptions options, EngineParts parts);
  ~JobEngine();
  JobEngine(const JobEngine&) = delete;
  JobEngine& operator=(const JobEngine&) = delete;

  // Picks up what the database says, before anything else. ResourceExhausted: a disk has no room
  // for what has to be written down; it may be called again. That the store's alone is full is no
  // error: Tick goes on by itself.
  absl::Status Start();
  // Makes background work stop soon; from then on it changes nothing.
  void Stop();
  // Called, without locks, whenever tasks may have become ready.
  void OnWorkReady(std::function<void()> callback);
  // Called, without locks, with the attempts whose leases have been taken away.
  void OnRevoked(std::function<void(const std::vector<AttemptRef>&)> callback);

  // Whether who has this certificate may speak for the worker. PermissionDenied: another
  // certificate registered it. NotFound: it registered when callers weren't known, and must again.
  // A worker that isn't known is anybody's, and so is every worker where the farm doesn't know its
  // callers: `certificate`, its common name, is empty there.
  absl::Status CheckSpeaksFor(const std::string& certificate, const std::string& worker);

  // For workers. NotFound: the worker must register. FailedPrecondition: the lease is lost.
  // Register binds the id to the record's certificate, see CheckSpeaksFor.
  absl::Status Register(const WorkerRecord& worker);
  // The next task for this worker; nothing while there is none. Whoever asks has nothing: a lease
  // that it holds by the books never reached it, and goes back.
  absl::StatusOr<std::optional<TaskLease>> Lease(const std::string& worker);
  // The same for several at once, in their order: one change of the store, so far cheaper.
  using LeaseAnswer = absl::StatusOr<std::optional<TaskLease>>;
  std::vector<LeaseAnswer> LeaseAll(const std::vector<std::string>& workers);
  // The next task for workers that don't ask, but have just finished one. One that has a task by
  // the books keeps it and gets none: whoever repeats an old report mustn't lose what he does now.
  std::vector<LeaseAnswer> LeaseNext(const std::vector<std::string>& workers);
  // False: Lease would give nothing to anybody.
  bool AnyTaskReady();
  // Micros from now until the lease ends.
  absl::StatusOr<int64_t> Renew(const std::string& worker, const AttemptRef& attempt,
                                int64_t frames_done, int64_t frames_total);
  // Checks the files, then commits. DataLoss: the files aren't what the manifest says. The same
  // attempt again: OK again.
  absl::Status Complete(const std::string& worker, const AttemptRef& attempt,
                        const Manifest& manifest, double seconds);
  // The same for several at once, in their order: one check after the other, two changes of the
  // store for all.
  std::vector<absl::Status> CompleteAll(const std::vector<TaskReport>& reports);
  absl::Status Fail(const std::string& worker, const AttemptRef& attempt, FailureClass failure,
                    const std::string& message, const std::string& damaged_task);
  absl::Status HandBack(const std::string& worker, const AttemptRef& attempt);
  absl::Status Leave(const std::string& worker);

  // For workers that read and write files through the coordinator: both note that the task makes
  // progress. FailedPrecondition: the lease is lost.
  absl::Status NoteTransfer(const std::string& worker, const AttemptRef& attempt);
  absl::StatusOr<LeasedFiles> FilesOfLease(const std::string& worker, const AttemptRef& attempt);

  // For people.
  absl::StatusOr<SubmitResult> Submit(const SubmitOrder& asked);
  absl::StatusOr<std::vector<JobReport>> List();
  absl::StatusOr<JobReport> Report(const std::string& job, bool detail);
  // Who submitted it; empty where nobody is known. NotFound: no such job.
  absl::StatusOr<std::string> OwnerOf(const std::string& job);
  absl::Status Cancel(const std::string& job);
  absl::Status Retry(const std::string& job);
  absl::Status Pause(const std::string& job);
  absl::Status Resume(const std::string& job);
  absl::Status SetPriority(const std::string& job, int64_t priority);
  std::vector<WorkerReport> Workers();
  // `worker`: id or name. `now`: its task is taken back at once.
  absl::Status Drain(const std::string& worker, bool now);
  absl::Status ResumeWorker(const std::string& worker);

  // Waits until something has changed since `seen` (0: returns at once), the time is over or
  // StopWatching was called; the number of the last change.
  uint64_t AwaitChange(uint64_t seen, absl::Duration timeout);
  void StopWatching();

  // Ends leases whose time is over; call it often.
  void Tick();

  const EngineOptions& options() const { return options_; }

 private:
  // What is known of a job beyond its rows; gone after a restart.
  struct JobRun {
    int64_t generation = 0;  // background work of an earlier one changes nothing any more
    std::shared_ptr<ShotFinder> finder;
    std::shared_ptr<const IndexedFilm> film;  // read while the job was submitted
    double index_share = 0;
    double assembly_share = 0;
    std::map<TaskKind, StageSpeed> speeds;
    std::map<std::string, int> started_again;  // how often a task was, for being slow
    // Why a task failed that's tried until it succeeds; empty once any has succeeded.
    std::string patience;
    // Work that failed for want of room or because something was away.
    int64_t retry_at = 0;  // on the monotonic clock
    int64_t retry_pause = 0;
    std::string put_off;  // why; empty once it has succeeded
  };

  // What others have to hear of after a change, once the lock isn't held any more.
  struct News {
    std::function<void()> ready;
    std::function<void(const std::vector<AttemptRef>&)> revoked;
    std::vector<AttemptRef> attempts;
  };

  // Runs `body` as one change of the store, then starts the chores and wakes those who wait.
  absl::Status Change(const std::function<absl::Status()>& body) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status ChangeLocked(const std::function<absl::Status()>& body)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Runs body(0) to body(count - 1) as one change; where that fails, each as a change of its own,
  // so that one which can't be made harms no other. What became of each. A body that refuses
  // without having written anything says so on its own way and returns OK.
  std::vector<absl::Status> ChangeTogether(size_t count,
                                           const std::function<absl::Status(size_t)>& body)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  News TakeNews() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  static void Tell(const News& news);
  void StartChore(const Chore& chore) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The book of leases again from the rows, after a change that was taken back.
  void ReloadLeases() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::Status SpeaksFor(const std::string& certificate, const std::string& worker)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<const KnownWorker*> Heard(const std::string& worker)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The row of a task that is lent to this very attempt; FailedPrecondition otherwise.
  absl::StatusOr<TaskRecord> LeasedRow(const AttemptRef& attempt)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<std::optional<TaskLease>> ClaimFrom(const std::string& job,
                                                     const KnownWorker& worker)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // What the worker had by the books goes back, if it's heard that it has nothing. Null: it may not
  // be given a task now.
  absl::StatusOr<const KnownWorker*> MakeFree(const std::string& worker, bool has_nothing)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::vector<LeaseAnswer> LeaseTo(const std::vector<std::string>& workers, bool have_nothing)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // LeaseTo workers that are all different.
  void LeaseTogether(std::span<const std::string> workers, bool have_nothing, LeaseAnswer* answers)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<std::optional<TaskLease>> LeaseStraggler(const KnownWorker& worker,
                                                          const std::vector<std::string>& jobs)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Results on their way in, job_results.cc.
  struct Arrival;
  struct Publication;
  // Those whose status isn't OK are left alone.
  void TakeResults(std::vector<Arrival>* arrivals) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status BeginCheck(Arrival* arrival) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void EndCheck(Arrival* arrival) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::vector<Publication> FinishAll(std::vector<Arrival>* arrivals)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Takes what a silent worker has finished but never reported: the manifest, written last, is as
  // good as a report. Not OK: there is none, or it isn't sound.
  absl::Status Adopt(const HeldLease& lease) ABSL_LOCKS_EXCLUDED(mutex_);
  // Where the lease is lost, nothing is written and the arrival's status says so.
  absl::Status Finish(Arrival* arrival) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Writes committed.pb of done attempts and lets others read them.
  std::vector<absl::Status> Publish(const std::vector<Publication>& results)
      ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status MarkPublished(const AttemptRef& attempt) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Those that a crash or a full disk left unpublished.
  absl::Status PublishLeftOver() ABSL_LOCKS_EXCLUDED(mutex_);
  // Marks the result as being published by the caller; false: it's no longer for it to publish.
  absl::StatusOr<bool> BeginPublishing(const AttemptRef& attempt) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status PublishAgain(const TaskRecord& task) ABSL_LOCKS_EXCLUDED(mutex_);
  // Those of the jobs that this worker may work on, whose turn it is first.
  std::vector<std::string> Turns(std::vector<DispatchableJob> jobs, const WorkerRecord& worker)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Stragglers, job_stragglers.cc. A leased task of one of these jobs that this worker would be
  // through with sooner than the one that has it.
  absl::StatusOr<std::optional<HeldLease>> StragglerFor(const KnownWorker& worker,
                                                        const std::vector<std::string>& jobs)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool IsStraggler(const HeldLease& lease, int64_t now_micros)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void LookForStragglers(int64_t now_micros) ABSL_LOCKS_EXCLUDED(mutex_);

  // Failures, job_failures.cc. A leased attempt came to nothing.
  absl::Status FailAttempt(const TaskRecord& task, FailureClass failure, const std::string& message)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // What the failure leaves in the task's row.
  absl::StatusOr<Setback> SetbackOf(const TaskRecord& task, FailureClass failure,
                                    const std::string& message)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // `task` has just been done: those who failed it before can't do what others can.
  absl::Status BlameThoseWhoFailed(const TaskRecord& task) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Jobs of which everything is done but what was put aside.
  absl::Status EndJobsWithNothingLeft() ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status EndStalled(int64_t now_micros) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status FailOnInput(const AttemptRef& attempt, const std::string& message,
                           const std::string& damaged_task) ABSL_LOCKS_EXCLUDED(mutex_);
  // The lease ends; `told`: as its worker knows.
  absl::Status Release(const TaskRecord& task, TaskState to, const Setback& setback, bool told)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status ReleaseAll(const std::vector<HeldLease>& leases)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status EndLease(const AttemptRef& attempt, int64_t now_micros)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status RestartShotsOfGoneClasses() ABSL_LOCKS_EXCLUDED(mutex_);

  // People's orders, job_orders.cc.
  absl::Status ChangeJob(const std::string& job,
                         const std::function<absl::Status(JobRecord*)>& body)
      ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status SetWorkerState(const std::string& worker, WorkerState state,
                              const std::string& reason) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Why none of the job's tasks is handed out; empty: nothing is in the way.
  absl::StatusOr<std::string> HoldOf(const JobReport& report) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Of another `convert` than the one that owns this coordinator, and not finished.
  bool IsSetAside(const JobRecord& job) const;
  // Looking after the farm, job_care.cc.
  void Care() ABSL_LOCKS_EXCLUDED(mutex_);
  // Writes the store's marker, unless it's there; until then no worker takes the store for its own.
  absl::Status MarkStore();
  void LookAtDisks() ABSL_LOCKS_EXCLUDED(mutex_);
  // Depth that finished shots don't need goes, as far as the disks ask for it; how many shards'.
  absl::StatusOr<int> DropFinishedDepth() ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status RepairStuck() ABSL_LOCKS_EXCLUDED(mutex_);
  // The book of leases and the rows say the same.
  absl::Status RepairLeases() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // True: `status` of background work passes by itself, so it's tried again later.
  bool PutOff(const std::string& job, int64_t generation, const absl::Status& status)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Why the job waits for room on a disk; empty: it doesn't.
  std::string DiskHoldOf(const JobRecord& job) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Submitting, job_submission.cc.
  absl::Status CheckAllowed(const JobSettings& settings) const;
  absl::StatusOr<std::shared_ptr<const IndexedFilm>> IndexForSubmit(const JobSettings& settings);
  // FailedPrecondition when the disks are too small for it; else what it will need.
  absl::StatusOr<DiskNeed> CheckDiskNeed(const SubmitOrder& order, const IndexedFilm* film,
                                         bool is_new) ABSL_LOCKS_EXCLUDED(mutex_);
  // The unfinished job that writes one of these files, but `but`.
  absl::StatusOr<std::optional<JobRecord>> WriterOf(const JobSettings& settings,
                                                    const std::string& but)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // Background work, job_chores.cc.
  void RunChore(const Chore& chore) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status DoChore(const Chore& chore, const JobRecord& job, int64_t generation)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // False once the job has been continued, cancelled or stopped since.
  bool Current(const std::string& job, int64_t generation) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status ChangeIfCurrent(const std::string& job, int64_t generation,
                               const std::function<absl::Status()>& body)
      ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status Index(const JobRecord& job, int64_t generation) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status FindShots(const JobRecord& job, int64_t generation) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status Reconcile(const JobRecord& job, int64_t shot_begin, int64_t generation)
      ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status Assemble(const JobRecord& job, int64_t generation) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status Tidy(const JobRecord& job) ABSL_LOCKS_EXCLUDED(mutex_);
  // Done tasks whose files aren't there run again.
  absl::Status DropMissingResults(const std::string& job) ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status Damaged(const TaskRecord& task, int64_t generation, const std::string& message)
      ABSL_LOCKS_EXCLUDED(mutex_);

  const EngineOptions options_;
  const AllowedRoots roots_;
  const EngineParts parts_;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> store_marked_ = false;

  absl::Mutex mutex_;
  std::function<void()> on_work_ready_ ABSL_GUARDED_BY(mutex_);
  std::function<void(const std::vector<AttemptRef>&)> on_revoked_ ABSL_GUARDED_BY(mutex_);
  std::vector<AttemptRef> revoked_ ABSL_GUARDED_BY(mutex_);  // not told yet
  FarmStore* const store_ ABSL_PT_GUARDED_BY(mutex_);
  LeaseBook leases_ ABSL_GUARDED_BY(mutex_);
  WorkerRoster workers_ ABSL_GUARDED_BY(mutex_);
  TaskDesk desk_ ABSL_GUARDED_BY(mutex_);
  JobFlow flow_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, JobRun> runs_ ABSL_GUARDED_BY(mutex_);
  // Chores that are at work; true: again when they're through.
  std::map<std::tuple<Chore::Kind, std::string, int64_t>, bool> at_work_ ABSL_GUARDED_BY(mutex_);
  // Tasks whose committed.pb is being written.
  std::set<std::pair<std::string, std::string>> publishing_ ABSL_GUARDED_BY(mutex_);
  uint64_t changes_ ABSL_GUARDED_BY(mutex_) = 1;
  bool watching_ ABSL_GUARDED_BY(mutex_) = true;
  bool stragglers_ ABSL_GUARDED_BY(mutex_) = false;  // there were some at the last Tick
  // Why no task is handed out to anybody; empty: the disks have room.
  std::string disk_hold_ ABSL_GUARDED_BY(mutex_);
  int64_t next_disk_look_ = 0;   // on the monotonic clock, as the next four; Tick's alone
  int64_t next_class_look_ = 0;  // Tick's alone
  int64_t next_drop_ = 0;        // Tick's alone
  int64_t next_repair_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t next_checkpoint_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_SCHEDULING_JOB_ENGINE_H_
