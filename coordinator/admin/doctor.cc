#include "coordinator/admin/doctor.h"

#include <algorithm>
#include <memory>
#include <regex>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/artifacts/job_note.h"
#include "common/base/file_system.h"
#include "coordinator/admin/committed_results.h"
#include "coordinator/assembly/assemble_film.h"
#include "coordinator/scheduling/attempt_files.h"
#include "coordinator/scheduling/job_note.h"
#include "coordinator/scheduling/legal_moves.h"
#include "coordinator/store/damage.h"
#include "coordinator/store/farm_store.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

// Folders of jobs, whether or not the database knows them.
std::vector<std::string> JobFolders(const fs::path& store) {
  std::vector<std::string> jobs;
  std::error_code error;
  for (fs::directory_iterator it(store / "jobs", error), end; !error && it != end;
       it.increment(error)) {
    if (it->is_directory(error)) jobs.push_back(it->path().filename().string());
  }
  std::sort(jobs.begin(), jobs.end());
  return jobs;
}

// With the log beside it; the first name that is free.
absl::StatusOr<fs::path> MoveAside(const fs::path& database) {
  fs::path aside;
  std::error_code error;
  for (int i = 1; aside.empty() || fs::exists(aside, error); ++i) {
    aside = absl::StrFormat("%s.damaged-%d", database.string(), i);
  }
  for (const char* end : {"-wal", "-shm"}) {
    const fs::path log = database.string() + end;
    if (fs::exists(log, error)) SF_RETURN_IF_ERROR(Rename(log, aside.string() + end));
  }
  SF_RETURN_IF_ERROR(Rename(database, aside));
  return aside;
}

// Whether the committed attempt counts more than the row that the database has.
bool IsNews(const TaskRecord& found, const TaskRecord& row) {
  if (found.epoch != row.epoch) return found.epoch > row.epoch;
  return row.state == TaskState::kLeased && found.lease_id == row.lease_id;
}

class Examination {
 public:
  Examination(const DoctorOrder& order, FarmStore* store, bool hash)
      : order_(order), store_(store), files_(order.store), hash_(hash) {}

  // What it mends in the database belongs to the caller's change, which is committed before
  // RemoveFiles.
  absl::Status Examine() {
    SF_ASSIGN_OR_RETURN(const std::vector<std::string> known, store_->jobs().Ids());
    for (const std::string& id : known) {
      SF_ASSIGN_OR_RETURN(const std::optional<JobRecord> job, store_->jobs().Get(id));
      if (job) SF_RETURN_IF_ERROR(ExamineJob(*job));
    }
    for (const std::string& id : JobFolders(order_.store)) {
      if (!std::binary_search(known.begin(), known.end(), id)) {
        SF_RETURN_IF_ERROR(ExamineUnknownJob(id));
      }
    }
    FindTemporaryFiles(order_.root, /*below=*/false);
    FindTemporaryFiles(order_.store / "jobs", /*below=*/true);
    return absl::OkStatus();
  }

  absl::Status RemoveFiles() {
    for (const fs::path& path : useless_) SF_RETURN_IF_ERROR(RemoveTree(path));
    return absl::OkStatus();
  }

  Diagnosis TakeDiagnosis() { return std::move(diagnosis_); }

 private:
  void Find(std::string finding) { diagnosis_.findings.push_back(std::move(finding)); }
  void FindUseless(const fs::path& path, const std::string& why) {
    Find(absl::StrFormat("%s %s", path.string(), why));
    useless_.push_back(path);
  }

  absl::Status ExamineJob(const JobRecord& job) {
    ++diagnosis_.jobs;
    SF_ASSIGN_OR_RETURN(const CommittedResults results,
                        FindCommittedResults(job.id, hash_, &files_));
    diagnosis_.results += static_cast<int>(results.tasks.size());
    SF_ASSIGN_OR_RETURN(const std::vector<TaskRecord> rows, store_->tasks().OfJob(job.id));
    const std::set<std::string> attempts(results.attempts.begin(), results.attempts.end());
    std::set<std::string> needed;
    std::set<std::string> rows_seen;
    bool changed = false;
    for (const TaskRecord& row : rows) {
      rows_seen.insert(row.name);
      const auto found = results.tasks.find(row.name);
      if (found != results.tasks.end() && IsNews(found->second, row)) {
        SF_ASSIGN_OR_RETURN(const bool taken, TakeIn(job, found->second, &needed));
        changed |= taken;
        if (taken) continue;
      }
      if (row.state == TaskState::kLeased || (row.state == TaskState::kDone && !row.published)) {
        busy_.insert(order_.store / AttemptDirectory(job.id, row.name, row.epoch, row.lease_id));
        needed.insert(AttemptDirectory(job.id, row.name, row.epoch, row.lease_id));
      }
      if (row.state != TaskState::kDone || !row.published) continue;
      // Removed on purpose: its film is done, or its shard's segment is there.
      if (row.committed_directory.empty()) continue;
      const auto damage = results.damaged.find(row.committed_directory);
      const bool committed = attempts.contains(row.committed_directory) &&
                             files_.ReadManifest(row.committed_directory, kCommittedFile).ok();
      if (damage == results.damaged.end() && committed) {
        needed.insert(row.committed_directory);
        continue;
      }
      Find(
          absl::StrFormat("job %s: %s counts as done, but %s", job.id, row.name,
                          damage == results.damaged.end() ? "its files are gone" : damage->second));
      if (!order_.repair) continue;
      SF_RETURN_IF_ERROR(store_->tasks()
                             .Move(job.id, row.name, TaskState::kDone, TaskState::kSuperseded)
                             .status());
      changed = true;
    }
    for (const auto& [name, found] : results.tasks) {
      if (rows_seen.contains(name)) continue;
      SF_ASSIGN_OR_RETURN(const bool taken, TakeIn(job, found, &needed));
      changed |= taken;
    }
    for (const std::string& attempt : results.attempts) {
      if (needed.contains(attempt)) continue;
      const auto damage = results.damaged.find(attempt);
      FindUseless(order_.store / attempt, damage == results.damaged.end()
                                              ? "is an attempt that nobody will read"
                                              : "is damaged: " + damage->second);
    }
    if (!IsUnfinished(job.state)) FindUnfinishedFilms(job);
    return changed ? LookAgain(job) : absl::OkStatus();
  }

  // A committed result that the database doesn't count on. False: its files aren't sound.
  absl::StatusOr<bool> TakeIn(const JobRecord& job, const TaskRecord& found,
                              std::set<std::string>* needed) {
    SF_ASSIGN_OR_RETURN(const Manifest manifest,
                        files_.ReadManifest(found.committed_directory, kCommittedFile));
    if (absl::Status sound = files_.Check(found.committed_directory, manifest); !sound.ok()) {
      FindUseless(order_.store / found.committed_directory,
                  "is damaged: " + std::string(sound.message()));
      needed->insert(found.committed_directory);
      return false;
    }
    Find(absl::StrFormat("job %s: %s has a committed result that the database doesn't know", job.id,
                         found.name));
    needed->insert(found.committed_directory);
    if (order_.repair) SF_RETURN_IF_ERROR(store_->tasks().Restore(RestoredRow(job, found)));
    return order_.repair;
  }

  absl::Status ExamineUnknownJob(const std::string& id) {
    const absl::StatusOr<JobRecord> job = ReadJobNote(id, &files_);
    if (!job.ok()) {
      Find(absl::StrFormat(
          "job %s has a folder in the store and nothing that says what it was "
          "(%s); remove it if it's of no use: %s",
          id, std::string(job.status().message()), (order_.store / "jobs" / id).string()));
      return absl::OkStatus();
    }
    ++diagnosis_.jobs;
    SF_ASSIGN_OR_RETURN(const CommittedResults results,
                        FindCommittedResults(id, /*hash=*/true, &files_));
    diagnosis_.results += static_cast<int>(results.tasks.size());
    Find(absl::StrFormat("job %s, %s, isn't in the database; the store has %d of its results", id,
                         job->settings.outputs.front().file, results.tasks.size()));
    if (!order_.repair) return absl::OkStatus();
    SF_RETURN_IF_ERROR(store_->jobs().Insert(*job));
    std::set<std::string> needed;
    for (const auto& [name, found] : results.tasks) {
      needed.insert(found.committed_directory);
      SF_RETURN_IF_ERROR(store_->tasks().Restore(RestoredRow(*job, found)));
    }
    for (const std::string& attempt : results.attempts) {
      if (!needed.contains(attempt)) {
        FindUseless(order_.store / attempt, "is an attempt that nobody will read");
      }
    }
    return absl::OkStatus();
  }

  static TaskRecord RestoredRow(const JobRecord& job, TaskRecord found) {
    // Planning decides anew which results a job that goes on wants.
    found.wanted = job.state == JobState::kDone;
    return found;
  }

  // A job that is at work begins with its film again, and finds what is there.
  absl::Status LookAgain(JobRecord job) {
    if (!IsUnfinished(job.state)) return absl::OkStatus();
    job.state = JobState::kQueued;
    return store_->jobs().Update(job);
  }

  void FindUnfinishedFilms(const JobRecord& job) {
    for (const OutputSpec& output : job.settings.outputs) {
      const fs::path film = UnfinishedFilm(output.file, job.id);
      std::error_code error;
      if (fs::exists(film, error)) FindUseless(film, "is half a film of a job that has ended");
    }
    for (const ExportSpec& each : job.settings.exports) {
      const fs::path folder = UnfinishedFilm(each.folder, job.id);
      std::error_code error;
      if (fs::exists(folder, error)) {
        FindUseless(folder, "is half an export of depth of a job that has ended");
      }
    }
  }

  void FindTemporaryFiles(const fs::path& folder, bool below) {
    static const std::regex pattern(".+\\.[0-9]+\\.tmp");
    std::error_code error;
    for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end;
         it.increment(error)) {
      if (it->is_directory(error)) {
        // A worker may be writing there, even now.
        if (!below || busy_.contains(it->path())) it.disable_recursion_pending();
      } else if (std::regex_match(it->path().filename().string(), pattern)) {
        FindUseless(it->path(), "is a temporary file that was left behind");
      }
    }
  }

  const DoctorOrder& order_;
  FarmStore* const store_;
  StoreFiles files_;
  const bool hash_;
  Diagnosis diagnosis_;
  std::set<fs::path> busy_;
  std::vector<fs::path> useless_;
};

}  // namespace

absl::Status CheckNotLost(const fs::path& root, const fs::path& store) {
  std::error_code error;
  const bool was_used = fs::exists(root / "farm.lock", error);
  const fs::path database = root / kDatabaseFile;
  const bool is_there = fs::exists(database, error) && fs::file_size(database, error) > 0;
  if (!was_used || is_there) return absl::OkStatus();
  for (const std::string& job : JobFolders(store)) {
    if (!fs::exists(store / "jobs" / job / kJobNoteFile, error)) continue;
    return absl::DataLossError(absl::StrFormat(
        "the database %s is gone, but %s has jobs of it; run stereofarm-coordinator "
        "doctor --repair --root %s%s",
        database.string(), store.string(), root.string(),
        store == root / "store" ? "" : " --store " + store.string()));
  }
  return absl::OkStatus();
}

absl::StatusOr<Diagnosis> ExamineFarm(const DoctorOrder& order) {
  const fs::path database = order.root / kDatabaseFile;
  const bool is_there = fs::exists(database);
  const size_t jobs = JobFolders(order.store).size();
  if (!is_there && jobs == 0) {
    return absl::NotFoundError(
        absl::StrFormat("there is no farm in %s (no farm.db), nor jobs in %s; name the folders "
                        "that its coordinator was given",
                        order.root.string(), order.store.string()));
  }
  SF_ASSIGN_OR_RETURN(std::vector<std::string> damage, DamageOfDatabase(database));
  const bool is_lost = !damage.empty();
  if (is_lost && !order.repair) {
    damage.push_back(absl::StrFormat(
        "the store has the folders of %d jobs, from which --repair makes the database again",
        jobs));
    return Diagnosis{std::move(damage)};
  }
  if (is_lost && is_there) {
    SF_ASSIGN_OR_RETURN(const fs::path aside, MoveAside(database));
    damage.push_back(absl::StrFormat("the damaged database is %s now", aside.string()));
  }
  SF_ASSIGN_OR_RETURN(const std::unique_ptr<FarmStore> store, FarmStore::Open(database));
  Examination examination(order, store.get(), order.hash);
  {
    FarmStore::Change change(store.get());
    SF_RETURN_IF_ERROR(change.begun());
    SF_RETURN_IF_ERROR(examination.Examine());
    if (order.repair) SF_RETURN_IF_ERROR(change.Commit());
  }
  if (order.repair) SF_RETURN_IF_ERROR(examination.RemoveFiles());
  Diagnosis diagnosis = examination.TakeDiagnosis();
  diagnosis.findings.insert(diagnosis.findings.begin(), damage.begin(), damage.end());
  return diagnosis;
}

}  // namespace stereofarm
