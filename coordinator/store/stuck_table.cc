#include "coordinator/store/stuck_table.h"

#include "coordinator/store/sqlite.h"

namespace stereofarm {

absl::StatusOr<std::vector<int64_t>> StuckTable::Shots(const char* sql, const std::string& job) {
  Statement query = database_->Prepare(sql);
  query.Bind(job);
  std::vector<int64_t> shots;
  while (true) {
    SF_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return shots;
    shots.push_back(query.Int(0));
  }
}

#define NO_DEPTH_IS_MISSING                                               \
  " AND NOT EXISTS (SELECT 1 FROM tasks INDEXED BY tasks_unfinished"      \
  " WHERE tasks.job = shots.job AND tasks.shot_begin = shots.begin_frame" \
  " AND tasks.kind = 'depth' AND tasks.wanted = 1 AND tasks.published = 0)"

constexpr char kShotsWithAllDepth[] =
    "SELECT begin_frame FROM shots WHERE job = ? AND state = 'planned'" NO_DEPTH_IS_MISSING
    " ORDER BY begin_frame";
absl::StatusOr<std::vector<int64_t>> StuckTable::ShotsWithAllDepth(const std::string& job) {
  return Shots(kShotsWithAllDepth, job);
}

constexpr char kShotsToReconcile[] =
    "SELECT begin_frame FROM shots WHERE job = ? AND state = 'depth_done'" NO_DEPTH_IS_MISSING
    " ORDER BY begin_frame";
absl::StatusOr<std::vector<int64_t>> StuckTable::ShotsToReconcile(const std::string& job) {
  return Shots(kShotsToReconcile, job);
}

// A render or warp task reads its shot's depth; the stages behind it read one result of the same
// frames.
constexpr char kShotsToRelease[] =
    "SELECT DISTINCT shots.begin_frame FROM tasks INDEXED BY tasks_unfinished"
    " JOIN shots ON shots.job = tasks.job AND shots.begin_frame = tasks.shot_begin"
    " WHERE tasks.job = ? AND tasks.wanted = 1 AND tasks.published = 0"
    " AND tasks.state = 'waiting' AND tasks.kind <> 'depth' AND shots.state = 'reconciled'"
    " AND CASE WHEN tasks.kind IN ('inpaint', 'encode') THEN EXISTS"
    " (SELECT 1 FROM tasks AS input WHERE input.job = tasks.job AND input.name ="
    " CASE tasks.kind WHEN 'inpaint' THEN 'warp' ELSE 'inpaint' END"
    " || substr(tasks.name, instr(tasks.name, '/'))"
    " AND input.published = 1 AND input.wanted = 1)"
    " ELSE NOT EXISTS (SELECT 1 FROM tasks AS depth INDEXED BY tasks_unfinished"
    " WHERE depth.job = tasks.job AND depth.shot_begin = tasks.shot_begin"
    " AND depth.kind = 'depth' AND depth.wanted = 1 AND depth.published = 0) END"
    " ORDER BY shots.begin_frame";
absl::StatusOr<std::vector<int64_t>> StuckTable::ShotsToRelease(const std::string& job) {
  return Shots(kShotsToRelease, job);
}

constexpr char kTakenOut[] =
    "SELECT name, kind, shot_begin, state, stage_basis, numeric_class"
    " FROM tasks INDEXED BY tasks_unfinished"
    " WHERE job = ? AND wanted = 1 AND published = 0 AND state IN ('superseded', 'cancelled')"
    " ORDER BY name";
absl::StatusOr<std::vector<TaskRecord>> StuckTable::TakenOut(const std::string& job) {
  Statement query = database_->Prepare(kTakenOut);
  query.Bind(job);
  std::vector<TaskRecord> tasks;
  while (true) {
    SF_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return tasks;
    TaskRecord task;
    task.job = job;
    task.name = query.Text(0);
    SF_ASSIGN_OR_RETURN(task.kind, ParseTaskKind(query.Text(1)));
    task.shot_begin = query.Int(2);
    SF_ASSIGN_OR_RETURN(task.state, ParseTaskState(query.Text(3)));
    task.stage_basis = query.Text(4);
    task.numeric_class = query.Text(5);
    tasks.push_back(std::move(task));
  }
}

}  // namespace stereofarm
