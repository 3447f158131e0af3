#include "coordinator/store/task_table.h"

#include "absl/strings/str_format.h"
#include "coordinator/store/sqlite.h"

namespace stereofarm {
namespace {

// The columns of ReadTask, in its order.
#define TASK_COLUMNS                                                                            \
  "job, name, kind, core_begin, core_end, shot_begin, state, wanted, epoch, lease_id, worker, " \
  "numeric_class, avoid_worker, attempts, failures, stage_basis, stage_key, "                   \
  "committed_directory, published, seconds, error, free_failures, memory_step, warm_worker, "   \
  "damages"

absl::StatusOr<TaskRecord> ReadTask(const Statement& row) {
  TaskRecord task;
  task.job = row.Text(0);
  task.name = row.Text(1);
  SF_ASSIGN_OR_RETURN(task.kind, ParseTaskKind(row.Text(2)));
  task.core = {row.Int(3), row.Int(4)};
  task.shot_begin = row.Int(5);
  SF_ASSIGN_OR_RETURN(task.state, ParseTaskState(row.Text(6)));
  task.wanted = row.Bool(7);
  task.epoch = row.Int(8);
  task.lease_id = row.Text(9);
  task.worker = row.Text(10);
  task.numeric_class = row.Text(11);
  task.avoid_worker = row.Text(12);
  task.attempts = row.Int(13);
  task.failures = row.Int(14);
  task.stage_basis = row.Text(15);
  task.stage_key = row.Text(16);
  task.committed_directory = row.Text(17);
  task.published = row.Bool(18);
  task.seconds = row.Real(19);
  task.error = row.Text(20);
  task.free_failures = row.Int(21);
  task.memory_step = row.Int(22);
  task.warm_worker = row.Text(23);
  task.damages = row.Int(24);
  return task;
}

absl::StatusOr<std::vector<TaskRecord>> ReadTasks(Statement* query) {
  std::vector<TaskRecord> tasks;
  while (true) {
    SF_ASSIGN_OR_RETURN(const bool row, query->Step());
    if (!row) return tasks;
    SF_ASSIGN_OR_RETURN(TaskRecord task, ReadTask(*query));
    tasks.push_back(std::move(task));
  }
}

// Shots are finished first: what is nearest to the film comes first.
int Rank(TaskKind kind) {
  switch (kind) {
    case TaskKind::kRender:
    case TaskKind::kEncode:
      return 0;
    case TaskKind::kInpaint:
      return 1;
    case TaskKind::kWarp:
      return 2;
    case TaskKind::kDepth:
      return 3;
    case TaskKind::kScan:
      return 4;
  }
  return 4;
}

absl::StatusOr<bool> HasRow(Statement* query) { return query->Step(); }

}  // namespace

constexpr char kInsertTask[] =
    "INSERT INTO tasks (job, name, kind, rank, core_begin, core_end, shot_begin, state, wanted,"
    " numeric_class, stage_basis, warm_worker) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
absl::Status TaskTable::Insert(const TaskRecord& task) {
  known_.Forget(task.job, task.name);
  return database_->Prepare(kInsertTask)
      .Bind(task.job)
      .Bind(task.name)
      .Bind(TaskKindName(task.kind))
      .Bind(Rank(task.kind))
      .Bind(task.core.begin)
      .Bind(task.core.end)
      .Bind(task.shot_begin)
      .Bind(TaskStateName(task.state))
      .Bind(task.wanted)
      .Bind(task.numeric_class)
      .Bind(task.stage_basis)
      .Bind(task.warm_worker)
      .Run();
}

constexpr char kRestoreTask[] =
    "INSERT OR REPLACE INTO tasks (job, name, kind, rank, core_begin, core_end, shot_begin, state,"
    " wanted, epoch, lease_id, numeric_class, stage_key, committed_directory, published)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, 'done', ?, ?, ?, ?, ?, ?, 1)";
absl::Status TaskTable::Restore(const TaskRecord& task) {
  known_.Forget(task.job, task.name);
  return database_->Prepare(kRestoreTask)
      .Bind(task.job)
      .Bind(task.name)
      .Bind(TaskKindName(task.kind))
      .Bind(Rank(task.kind))
      .Bind(task.core.begin)
      .Bind(task.core.end)
      .Bind(task.shot_begin)
      .Bind(task.wanted)
      .Bind(task.epoch)
      .Bind(task.lease_id)
      .Bind(task.numeric_class)
      .Bind(task.stage_key)
      .Bind(task.committed_directory)
      .Run();
}

constexpr char kGetTask[] = "SELECT " TASK_COLUMNS " FROM tasks WHERE job = ? AND name = ?";
absl::StatusOr<std::optional<TaskRecord>> TaskTable::Get(const std::string& job,
                                                         const std::string& name) {
  if (const TaskRecord* known = known_.Find(job, name)) return *known;
  Statement query = database_->Prepare(kGetTask);
  query.Bind(job).Bind(name);
  SF_ASSIGN_OR_RETURN(const bool row, query.Step());
  if (!row) return std::nullopt;
  SF_ASSIGN_OR_RETURN(TaskRecord task, ReadTask(query));
  known_.Keep(task);
  return task;
}

constexpr char kTasksOfShot[] =
    "SELECT " TASK_COLUMNS
    " FROM tasks WHERE job = ? AND shot_begin = ? AND kind = ? ORDER BY core_begin, name";
absl::StatusOr<std::vector<TaskRecord>> TaskTable::OfShot(const std::string& job,
                                                          int64_t shot_begin, TaskKind kind) {
  Statement query = database_->Prepare(kTasksOfShot);
  query.Bind(job).Bind(shot_begin).Bind(TaskKindName(kind));
  return ReadTasks(&query);
}

constexpr char kTasksOfJob[] =
    "SELECT " TASK_COLUMNS " FROM tasks WHERE job = ? ORDER BY core_begin, rank DESC, name";
absl::StatusOr<std::vector<TaskRecord>> TaskTable::OfJob(const std::string& job) {
  Statement query = database_->Prepare(kTasksOfJob);
  query.Bind(job);
  return ReadTasks(&query);
}

constexpr char kLeasedTasks[] =
    "SELECT " TASK_COLUMNS " FROM tasks WHERE state = 'leased' ORDER BY job, name";
absl::StatusOr<std::vector<TaskRecord>> TaskTable::Leased() {
  Statement query = database_->Prepare(kLeasedTasks);
  return ReadTasks(&query);
}

constexpr char kUnpublishedTasks[] =
    "SELECT " TASK_COLUMNS
    " FROM tasks INDEXED BY tasks_unpublished"
    " WHERE state = 'done' AND published = 0 ORDER BY job, core_begin, name";
absl::StatusOr<std::vector<TaskRecord>> TaskTable::Unpublished() {
  Statement query = database_->Prepare(kUnpublishedTasks);
  return ReadTasks(&query);
}

#define MAY_TAKE                                \
  " (numeric_class = '' OR numeric_class = ?2)" \
  " AND (avoid_worker <> ?1 OR (numeric_class = '' AND ?4) OR (numeric_class = ?2 AND ?5))"
constexpr char kNextWarmTask[] =
    "SELECT " TASK_COLUMNS
    " FROM tasks INDEXED BY tasks_warm WHERE job = ?3 AND state = 'ready' AND warm_worker = ?1"
    " AND rank <= (SELECT rank FROM tasks INDEXED BY tasks_ready"
    " WHERE job = ?3 AND state = 'ready' ORDER BY rank LIMIT 1)"
    " AND" MAY_TAKE " ORDER BY rank, core_begin LIMIT 1";
constexpr char kNextTask[] =
    "SELECT " TASK_COLUMNS
    " FROM tasks INDEXED BY tasks_ready WHERE job = ?3 AND state = 'ready' AND" MAY_TAKE
    " ORDER BY rank, core_begin LIMIT 1";
constexpr char kClaimTask[] =
    "UPDATE tasks SET state = 'leased', epoch = epoch + 1, attempts = attempts + 1, lease_id = ?,"
    " worker = ?, numeric_class = ? WHERE job = ? AND name = ? AND epoch = ? AND state = 'ready'";
absl::StatusOr<std::optional<TaskRecord>> TaskTable::Claim(const std::string& job,
                                                           const Claimant& claimant,
                                                           const std::string& lease_id) {
  for (const char* sql : {kNextWarmTask, kNextTask}) {
    TaskRecord task;
    {
      Statement next = database_->Prepare(sql);
      next.Bind(claimant.worker)
          .Bind(claimant.numeric_class)
          .Bind(job)
          .Bind(claimant.alone)
          .Bind(claimant.alone_in_class);
      SF_ASSIGN_OR_RETURN(const bool row, next.Step());
      if (!row) continue;
      SF_ASSIGN_OR_RETURN(task, ReadTask(next));
    }
    SF_RETURN_IF_ERROR(database_->Prepare(kClaimTask)
                           .Bind(lease_id)
                           .Bind(claimant.worker)
                           .Bind(claimant.numeric_class)
                           .Bind(job)
                           .Bind(task.name)
                           .Bind(task.epoch)
                           .Run());
    if (database_->Changes() != 1) {
      return absl::InternalError(absl::StrFormat("%s moved while it was claimed", task.name));
    }
    task.state = TaskState::kLeased;
    ++task.epoch;
    ++task.attempts;
    task.lease_id = lease_id;
    task.worker = claimant.worker;
    task.numeric_class = claimant.numeric_class;
    known_.Keep(task);
    return task;
  }
  return std::nullopt;
}

constexpr char kFinishTask[] =
    "UPDATE tasks SET state = 'done', published = 0, stage_key = ?, numeric_class = ?,"
    " committed_directory = ?, seconds = ?, error = '', avoid_worker = ''"
    " WHERE job = ? AND name = ? AND epoch = ? AND lease_id = ? AND state = 'leased'";
absl::StatusOr<bool> TaskTable::Finish(const AttemptRef& attempt, const TaskResult& result) {
  SF_RETURN_IF_ERROR(database_->Prepare(kFinishTask)
                         .Bind(result.stage_key)
                         .Bind(result.numeric_class)
                         .Bind(result.directory)
                         .Bind(result.seconds)
                         .Bind(attempt.job)
                         .Bind(attempt.task)
                         .Bind(attempt.epoch)
                         .Bind(attempt.lease_id)
                         .Run());
  if (database_->Changes() != 1) return false;
  if (TaskRecord* known = known_.Find(attempt.job, attempt.task)) {
    known->state = TaskState::kDone;
    known->published = false;
    known->stage_key = result.stage_key;
    known->numeric_class = result.numeric_class;
    known->committed_directory = result.directory;
    known->seconds = result.seconds;
    known->error.clear();
    known->avoid_worker.clear();
  }
  return true;
}

constexpr char kReleaseTask[] =
    "UPDATE tasks SET state = ?1, failures = failures + ?2, free_failures = free_failures + ?3,"
    " memory_step = memory_step + ?4,"
    " avoid_worker = CASE WHEN ?5 <> '' THEN ?5 ELSE avoid_worker END,"
    " error = CASE WHEN ?6 <> '' THEN ?6 ELSE error END,"
    " numeric_class = CASE WHEN shot_begin = -1 THEN '' ELSE numeric_class END"
    " WHERE job = ?7 AND name = ?8 AND epoch = ?9 AND lease_id = ?10 AND state = 'leased'";
absl::StatusOr<bool> TaskTable::Release(const AttemptRef& attempt, TaskState to,
                                        const Setback& setback) {
  known_.Forget(attempt.job, attempt.task);
  SF_RETURN_IF_ERROR(database_->Prepare(kReleaseTask)
                         .Bind(TaskStateName(to))
                         .Bind(setback.counts)
                         .Bind(setback.free)
                         .Bind(setback.smaller)
                         .Bind(setback.avoid_worker)
                         .Bind(setback.error)
                         .Bind(attempt.job)
                         .Bind(attempt.task)
                         .Bind(attempt.epoch)
                         .Bind(attempt.lease_id)
                         .Run());
  return database_->Changes() == 1;
}

constexpr char kPublishTask[] =
    "UPDATE tasks SET published = 1"
    " WHERE job = ? AND name = ? AND epoch = ? AND lease_id = ? AND state = 'done' AND published = "
    "0";
absl::StatusOr<bool> TaskTable::Publish(const AttemptRef& attempt) {
  SF_RETURN_IF_ERROR(database_->Prepare(kPublishTask)
                         .Bind(attempt.job)
                         .Bind(attempt.task)
                         .Bind(attempt.epoch)
                         .Bind(attempt.lease_id)
                         .Run());
  if (database_->Changes() != 1) return false;
  if (TaskRecord* known = known_.Find(attempt.job, attempt.task)) known->published = true;
  return true;
}

constexpr char kMoveTask[] =
    "UPDATE tasks SET state = ?, published = 0,"
    " numeric_class = CASE WHEN shot_begin = -1 THEN '' ELSE numeric_class END"
    " WHERE job = ? AND name = ? AND state = ? AND state <> 'leased'";
absl::StatusOr<bool> TaskTable::Move(const std::string& job, const std::string& name,
                                     TaskState from, TaskState to) {
  known_.Forget(job, name);
  SF_RETURN_IF_ERROR(database_->Prepare(kMoveTask)
                         .Bind(TaskStateName(to))
                         .Bind(job)
                         .Bind(name)
                         .Bind(TaskStateName(from))
                         .Run());
  return database_->Changes() == 1;
}

constexpr char kPrepareTask[] =
    "UPDATE tasks SET state = ?, published = 0, wanted = 1, stage_basis = ?, numeric_class = ?,"
    " failures = 0, free_failures = 0, damages = 0, memory_step = 0, avoid_worker = '', "
    "warm_worker = ?"
    " WHERE job = ? AND name = ? AND state = ? AND state <> 'leased'";
absl::StatusOr<bool> TaskTable::Prepare(const TaskRecord& task, TaskState from, TaskState to) {
  known_.Forget(task.job, task.name);
  SF_RETURN_IF_ERROR(database_->Prepare(kPrepareTask)
                         .Bind(TaskStateName(to))
                         .Bind(task.stage_basis)
                         .Bind(task.numeric_class)
                         .Bind(task.warm_worker)
                         .Bind(task.job)
                         .Bind(task.name)
                         .Bind(TaskStateName(from))
                         .Run());
  return database_->Changes() == 1;
}

constexpr char kSetWanted[] = "UPDATE tasks SET wanted = ? WHERE job = ? AND name = ?";
absl::Status TaskTable::SetWanted(const std::string& job, const std::string& name, bool wanted) {
  known_.Forget(job, name);
  return database_->Prepare(kSetWanted).Bind(wanted).Bind(job).Bind(name).Run();
}

constexpr char kSetShot[] = "UPDATE tasks SET shot_begin = ? WHERE job = ? AND name = ?";
absl::Status TaskTable::SetShot(const std::string& job, const std::string& name,
                                int64_t shot_begin) {
  known_.Forget(job, name);
  return database_->Prepare(kSetShot).Bind(shot_begin).Bind(job).Bind(name).Run();
}

constexpr char kSetAllUnwanted[] = "UPDATE tasks SET wanted = 0 WHERE job = ?";
absl::Status TaskTable::SetAllUnwanted(const std::string& job) {
  known_.ForgetAll();
  return database_->Prepare(kSetAllUnwanted).Bind(job).Run();
}

constexpr char kCountDamage[] =
    "UPDATE tasks SET damages = damages + 1, error = ? WHERE job = ? AND name = ?";
absl::Status TaskTable::CountDamage(const std::string& job, const std::string& name,
                                    const std::string& error) {
  known_.Forget(job, name);
  return database_->Prepare(kCountDamage).Bind(error).Bind(job).Bind(name).Run();
}

// None of these states is kept in known_.
constexpr char kSetClass[] =
    "UPDATE tasks SET numeric_class = ? WHERE job = ? AND shot_begin = ?"
    " AND state IN ('waiting', 'ready', 'failed', 'cancelled', 'superseded')";
absl::Status TaskTable::SetClass(const std::string& job, int64_t shot_begin,
                                 const std::string& numeric_class) {
  return database_->Prepare(kSetClass).Bind(numeric_class).Bind(job).Bind(shot_begin).Run();
}

constexpr char kForgetDirectories[] = "UPDATE tasks SET committed_directory = '' WHERE job = ?";
absl::Status TaskTable::ForgetDirectories(const std::string& job) {
  known_.ForgetAll();
  return database_->Prepare(kForgetDirectories).Bind(job).Run();
}

constexpr char kForgetDirectory[] =
    "UPDATE tasks SET committed_directory = '' WHERE job = ? AND name = ? AND state = 'done'"
    " AND published = 1";
absl::Status TaskTable::ForgetDirectory(const std::string& job, const std::string& name) {
  known_.Forget(job, name);
  return database_->Prepare(kForgetDirectory).Bind(job).Bind(name).Run();
}

// A shot that waits for those beside it may have results of before, which nobody wants yet.
constexpr char kDepthOfFinishedShots[] =
    "SELECT " TASK_COLUMNS
    " FROM tasks WHERE job = ? AND kind = 'depth' AND wanted = 1 AND published = 1"
    " AND committed_directory <> '' AND EXISTS (SELECT 1 FROM shots WHERE shots.job = tasks.job"
    " AND shots.begin_frame = tasks.shot_begin AND shots.state = 'reconciled') AND NOT EXISTS "
    "(SELECT 1 FROM tasks AS rest"
    " INDEXED BY tasks_unfinished WHERE rest.job = tasks.job AND rest.shot_begin = tasks.shot_begin"
    " AND rest.wanted = 1 AND rest.published = 0) AND EXISTS (SELECT 1 FROM tasks AS made"
    " WHERE made.job = tasks.job AND made.shot_begin = tasks.shot_begin AND made.kind <> 'depth'"
    " AND made.wanted = 1) ORDER BY core_begin LIMIT ?";
absl::StatusOr<std::vector<TaskRecord>> TaskTable::DepthOfFinishedShots(const std::string& job,
                                                                        int most) {
  Statement query = database_->Prepare(kDepthOfFinishedShots);
  query.Bind(job).Bind(int64_t{most});
  return ReadTasks(&query);
}

constexpr char kAnyUnpublished[] =
    "SELECT 1 FROM tasks WHERE job = ? AND shot_begin = ? AND kind = ? AND wanted = 1"
    " AND published = 0 LIMIT 1";
absl::StatusOr<bool> TaskTable::AnyUnpublished(const std::string& job, int64_t shot_begin,
                                               TaskKind kind) {
  Statement query = database_->Prepare(kAnyUnpublished);
  query.Bind(job).Bind(shot_begin).Bind(TaskKindName(kind));
  return HasRow(&query);
}

constexpr char kAnyUnfinished[] =
    "SELECT 1 FROM tasks INDEXED BY tasks_unfinished"
    " WHERE job = ? AND wanted = 1 AND published = 0 LIMIT 1";
absl::StatusOr<bool> TaskTable::AnyUnfinished(const std::string& job) {
  Statement query = database_->Prepare(kAnyUnfinished);
  query.Bind(job);
  return HasRow(&query);
}

constexpr char kAnyReady[] =
    "SELECT 1 FROM tasks INDEXED BY tasks_ready WHERE job = ? AND state = 'ready' LIMIT 1";
absl::StatusOr<bool> TaskTable::AnyReady(const std::string& job) {
  Statement query = database_->Prepare(kAnyReady);
  query.Bind(job);
  return HasRow(&query);
}

constexpr char kJobsWithFailedTasks[] =
    "SELECT DISTINCT job FROM tasks INDEXED BY tasks_failed WHERE state = 'failed' AND wanted = 1"
    " AND job IN (SELECT id FROM jobs WHERE state = 'running' AND paused = 0)"
    " AND NOT EXISTS (SELECT 1 FROM tasks AS other WHERE other.job = tasks.job"
    " AND other.wanted = 1 AND (other.state IN ('ready', 'leased')"
    " OR (other.state = 'done' AND other.published = 0))) ORDER BY job";
absl::StatusOr<std::vector<std::string>> TaskTable::JobsWithNothingButFailures() {
  Statement query = database_->Prepare(kJobsWithFailedTasks);
  std::vector<std::string> jobs;
  while (true) {
    SF_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return jobs;
    jobs.push_back(query.Text(0));
  }
}

constexpr char kFailedTasks[] =
    "SELECT " TASK_COLUMNS
    " FROM tasks INDEXED BY tasks_failed WHERE job = ? AND state = 'failed' AND wanted = 1"
    " ORDER BY core_begin, name LIMIT ?";
absl::StatusOr<std::vector<TaskRecord>> TaskTable::Failed(const std::string& job, int most) {
  Statement query = database_->Prepare(kFailedTasks);
  query.Bind(job).Bind(most);
  return ReadTasks(&query);
}

constexpr char kAnyReadyInRunningJobs[] =
    "SELECT 1 FROM jobs WHERE state = 'running' AND paused = 0 AND EXISTS"
    " (SELECT 1 FROM tasks INDEXED BY tasks_ready"
    " WHERE tasks.job = jobs.id AND tasks.state = 'ready') LIMIT 1";
absl::StatusOr<bool> TaskTable::AnyReadyInRunningJobs() {
  Statement query = database_->Prepare(kAnyReadyInRunningJobs);
  return HasRow(&query);
}

constexpr char kShotsWithReadyTasks[] =
    "SELECT DISTINCT job, shot_begin, numeric_class FROM tasks INDEXED BY tasks_ready"
    " WHERE state = 'ready' AND numeric_class <> '' AND shot_begin <> -1"
    " AND job IN (SELECT id FROM jobs WHERE state = 'running') ORDER BY job, shot_begin";
absl::StatusOr<std::vector<ClassedShot>> TaskTable::ShotsWithReadyTasks() {
  Statement query = database_->Prepare(kShotsWithReadyTasks);
  std::vector<ClassedShot> shots;
  while (true) {
    SF_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return shots;
    shots.push_back({query.Text(0), query.Int(1), query.Text(2)});
  }
}

constexpr char kAnyLeased[] =
    "SELECT EXISTS (SELECT 1 FROM tasks INDEXED BY tasks_by_shot"
    " WHERE job = ? AND shot_begin = ? AND state = 'leased')";
absl::StatusOr<bool> TaskTable::AnyLeased(const std::string& job, int64_t shot_begin) {
  Statement query = database_->Prepare(kAnyLeased);
  query.Bind(job).Bind(shot_begin);
  SF_RETURN_IF_ERROR(query.Step().status());
  return query.Int(0) != 0;
}

constexpr char kTally[] =
    // A skeleton's frames are its shards' too.
    "SELECT kind, state, COUNT(*), SUM(CASE WHEN kind = 'depth' AND EXISTS (SELECT 1 FROM shards"
    " WHERE shards.job = tasks.job AND shards.core_begin = tasks.core_begin"
    " AND shards.core_end < tasks.core_end) THEN 0 ELSE core_end - core_begin END) FROM tasks"
    " WHERE job = ? AND wanted = 1 GROUP BY kind, state ORDER BY kind, state";
absl::StatusOr<std::vector<TaskTally>> TaskTable::Tally(const std::string& job) {
  Statement query = database_->Prepare(kTally);
  query.Bind(job);
  std::vector<TaskTally> tallies;
  while (true) {
    SF_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return tallies;
    TaskTally tally;
    SF_ASSIGN_OR_RETURN(tally.kind, ParseTaskKind(query.Text(0)));
    SF_ASSIGN_OR_RETURN(tally.state, ParseTaskState(query.Text(1)));
    tally.tasks = query.Int(2);
    tally.frames = query.Int(3);
    tallies.push_back(tally);
  }
}

}  // namespace stereofarm
