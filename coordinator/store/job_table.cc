#include "coordinator/store/job_table.h"

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "coordinator/store/sqlite.h"
#include "proto/records.h"

namespace stereofarm {
namespace {

// The columns of ReadJob, in its order.
#define JOB_COLUMNS                                                                         \
  "id, state, settings, replace_outputs, priority, error, source_identity, model_files, "   \
  "fingerprint, range_begin, range_end, planned, tasks_run, tasks_reused, created_micros, " \
  "started_micros, ended_micros, paused, max_workers, tags, owner"

// Rows that are kept: more jobs are seldom worked on at a time.
constexpr size_t kMostKnown = 64;

absl::StatusOr<JobRecord> ReadJob(const Statement& row) {
  JobRecord job;
  job.id = row.Text(0);
  SF_ASSIGN_OR_RETURN(job.state, ParseJobState(row.Text(1)));
  SF_ASSIGN_OR_RETURN(job.settings, ParseSettings(row.Blob(2)));
  job.replace = row.Bool(3);
  job.priority = row.Int(4);
  job.error = row.Text(5);
  job.source_identity = row.Text(6);
  job.model_files = row.Text(7);
  job.fingerprint = row.Text(8);
  job.range = {row.Int(9), row.Int(10)};
  job.planned = row.Bool(11);
  job.tasks_run = row.Int(12);
  job.tasks_reused = row.Int(13);
  job.created_micros = row.Int(14);
  job.started_micros = row.Int(15);
  job.ended_micros = row.Int(16);
  job.paused = row.Bool(17);
  job.max_workers = row.Int(18);
  job.tags = absl::StrSplit(row.Text(19), ',', absl::SkipEmpty());
  job.owner = row.Text(20);
  return job;
}

absl::StatusOr<std::vector<JobRecord>> ReadJobs(Statement* query) {
  std::vector<JobRecord> jobs;
  while (true) {
    SF_ASSIGN_OR_RETURN(const bool row, query->Step());
    if (!row) return jobs;
    SF_ASSIGN_OR_RETURN(JobRecord job, ReadJob(*query));
    jobs.push_back(std::move(job));
  }
}

absl::StatusOr<std::optional<JobRecord>> ReadOne(Statement* query) {
  SF_ASSIGN_OR_RETURN(const bool row, query->Step());
  if (!row) return std::nullopt;
  SF_ASSIGN_OR_RETURN(JobRecord job, ReadJob(*query));
  return job;
}

std::string MainOutput(const JobRecord& job) {
  return job.settings.outputs.empty() ? std::string() : job.settings.outputs.front().file;
}

}  // namespace

constexpr char kInsertJob[] =
    "INSERT INTO jobs (id, state, settings, input, main_output, replace_outputs, priority, error,"
    " source_identity, model_files, fingerprint, range_begin, range_end, planned, created_micros,"
    " started_micros, ended_micros, paused, max_workers, tags, owner)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
absl::Status JobTable::Insert(const JobRecord& job) {
  changed_.insert(job.id);
  known_.erase(job.id);
  return database_->Prepare(kInsertJob)
      .Bind(job.id)
      .Bind(JobStateName(job.state))
      .BindBlob(SerializeSettings(job.settings))
      .Bind(job.settings.input)
      .Bind(MainOutput(job))
      .Bind(job.replace)
      .Bind(job.priority)
      .Bind(job.error)
      .Bind(job.source_identity)
      .Bind(job.model_files)
      .Bind(job.fingerprint)
      .Bind(job.range.begin)
      .Bind(job.range.end)
      .Bind(job.planned)
      .Bind(job.created_micros)
      .Bind(job.started_micros)
      .Bind(job.ended_micros)
      .Bind(job.paused)
      .Bind(job.max_workers)
      .Bind(absl::StrJoin(job.tags, ","))
      .Bind(job.owner)
      .Run();
}

constexpr char kUpdateJob[] =
    "UPDATE jobs SET state = ?, settings = ?, input = ?, main_output = ?, replace_outputs = ?,"
    " priority = ?, error = ?, source_identity = ?, model_files = ?, fingerprint = ?,"
    " range_begin = ?, range_end = ?, planned = ?, created_micros = ?, started_micros = ?,"
    " ended_micros = ?, paused = ?, max_workers = ?, tags = ? WHERE id = ?";
absl::Status JobTable::Update(const JobRecord& job) {
  changed_.insert(job.id);
  known_.erase(job.id);
  return database_->Prepare(kUpdateJob)
      .Bind(JobStateName(job.state))
      .BindBlob(SerializeSettings(job.settings))
      .Bind(job.settings.input)
      .Bind(MainOutput(job))
      .Bind(job.replace)
      .Bind(job.priority)
      .Bind(job.error)
      .Bind(job.source_identity)
      .Bind(job.model_files)
      .Bind(job.fingerprint)
      .Bind(job.range.begin)
      .Bind(job.range.end)
      .Bind(job.planned)
      .Bind(job.created_micros)
      .Bind(job.started_micros)
      .Bind(job.ended_micros)
      .Bind(job.paused)
      .Bind(job.max_workers)
      .Bind(absl::StrJoin(job.tags, ","))
      .Bind(job.id)
      .Run();
}

constexpr char kGetJob[] = "SELECT " JOB_COLUMNS " FROM jobs WHERE id = ?";
absl::StatusOr<std::optional<JobRecord>> JobTable::Get(const std::string& id) {
  if (const auto it = known_.find(id); it != known_.end()) return it->second;
  Statement query = database_->Prepare(kGetJob);
  query.Bind(id);
  SF_ASSIGN_OR_RETURN(std::optional<JobRecord> job, ReadOne(&query));
  if (job) {
    if (known_.size() >= kMostKnown) known_.clear();
    known_.emplace(id, *job);
  }
  return job;
}

constexpr char kNewestWithOutput[] =
    "SELECT " JOB_COLUMNS
    " FROM jobs WHERE main_output = ? ORDER BY created_micros DESC, id LIMIT 1";
absl::StatusOr<std::optional<JobRecord>> JobTable::NewestWithOutput(const std::string& file) {
  Statement query = database_->Prepare(kNewestWithOutput);
  query.Bind(file);
  return ReadOne(&query);
}

constexpr char kAllJobs[] =
    "SELECT " JOB_COLUMNS " FROM jobs ORDER BY priority DESC, created_micros, id";
absl::StatusOr<std::vector<JobRecord>> JobTable::All() {
  Statement query = database_->Prepare(kAllJobs);
  return ReadJobs(&query);
}

constexpr char kJobsWithState[] =
    "SELECT " JOB_COLUMNS " FROM jobs WHERE state = ? ORDER BY priority DESC, created_micros, id";
absl::StatusOr<std::vector<JobRecord>> JobTable::WithState(JobState state) {
  Statement query = database_->Prepare(kJobsWithState);
  query.Bind(JobStateName(state));
  return ReadJobs(&query);
}

constexpr char kDispatchableJobs[] =
    "SELECT id, priority, max_workers, tags FROM jobs WHERE state = 'running' AND paused = 0"
    " ORDER BY priority DESC, created_micros, id";
absl::StatusOr<std::vector<DispatchableJob>> JobTable::Dispatchable() {
  Statement query = database_->Prepare(kDispatchableJobs);
  std::vector<DispatchableJob> jobs;
  while (true) {
    SF_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return jobs;
    jobs.push_back({query.Text(0), query.Int(1), query.Int(2),
                    absl::StrSplit(query.Text(3), ',', absl::SkipEmpty())});
  }
}

constexpr char kJobIds[] = "SELECT id FROM jobs ORDER BY id";
absl::StatusOr<std::vector<std::string>> JobTable::Ids() {
  Statement query = database_->Prepare(kJobIds);
  std::vector<std::string> ids;
  while (true) {
    SF_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return ids;
    ids.push_back(query.Text(0));
  }
}

constexpr char kCountRun[] = "UPDATE jobs SET tasks_run = tasks_run + ? WHERE id = ?";
absl::Status JobTable::WriteCounts() {
  for (const auto& [id, tasks] : runs_) {
    // Too often to read all of the row again each time.
    if (const auto it = known_.find(id); it != known_.end()) it->second.tasks_run += tasks;
    SF_RETURN_IF_ERROR(database_->Prepare(kCountRun).Bind(tasks).Bind(id).Run());
  }
  runs_.clear();
  return absl::OkStatus();
}

constexpr char kCountReused[] = "UPDATE jobs SET tasks_reused = tasks_reused + 1 WHERE id = ?";
absl::Status JobTable::CountReused(const std::string& id) {
  known_.erase(id);
  return database_->Prepare(kCountReused).Bind(id).Run();
}

constexpr char kResetCounts[] = "UPDATE jobs SET tasks_run = 0, tasks_reused = 0 WHERE id = ?";
absl::Status JobTable::ResetCounts(const std::string& id) {
  known_.erase(id);
  runs_.erase(id);
  return database_->Prepare(kResetCounts).Bind(id).Run();
}

constexpr char kDropRemarks[] = "DELETE FROM remarks WHERE job = ?";
constexpr char kAddRemark[] = "INSERT INTO remarks (job, text) VALUES (?, ?)";
absl::Status JobTable::SetRemarks(const std::string& id, const std::vector<std::string>& remarks) {
  SF_RETURN_IF_ERROR(database_->Prepare(kDropRemarks).Bind(id).Run());
  for (const std::string& text : remarks) {
    SF_RETURN_IF_ERROR(database_->Prepare(kAddRemark).Bind(id).Bind(text).Run());
  }
  return absl::OkStatus();
}

constexpr char kRemarks[] = "SELECT text FROM remarks WHERE job = ? ORDER BY id";
absl::StatusOr<std::vector<std::string>> JobTable::Remarks(const std::string& id) {
  Statement query = database_->Prepare(kRemarks);
  query.Bind(id);
  std::vector<std::string> remarks;
  while (true) {
    SF_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return remarks;
    remarks.push_back(query.Text(0));
  }
}

}  // namespace stereofarm
