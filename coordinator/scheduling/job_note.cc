#include "coordinator/scheduling/job_note.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "common/artifacts/job_note.h"
#include "coordinator/scheduling/legal_moves.h"
#include "proto/records.h"

namespace stereofarm {
namespace {

std::string NoteFile(const std::string& job) { return "jobs/" + job + "/" + kJobNoteFile; }

}  // namespace

absl::Status WriteJobNote(const JobRecord& job, AttemptFiles* files) {
  JobNote note;
  note.job = job.id;
  note.state = job.state;
  note.settings = job.settings;
  note.replace = job.replace;
  note.priority = job.priority;
  note.paused = job.paused;
  note.max_workers = job.max_workers;
  note.tags = job.tags;
  note.owner = job.owner;
  note.error = job.error;
  note.source_identity = job.source_identity;
  note.model_files = job.model_files;
  note.fingerprint = job.fingerprint;
  note.range = job.range;
  note.created_micros = job.created_micros;
  note.started_micros = job.started_micros;
  note.ended_micros = job.ended_micros;
  const std::string bytes = SerializeJobNote(note);
  const absl::StatusOr<std::string> there = files->Read(NoteFile(job.id));
  if (there.ok() && *there == bytes) return absl::OkStatus();
  return files->Write(NoteFile(job.id), bytes);
}

absl::StatusOr<JobRecord> ReadJobNote(const std::string& job, AttemptFiles* files) {
  SF_ASSIGN_OR_RETURN(const std::string bytes, files->Read(NoteFile(job)));
  const absl::StatusOr<JobNote> note = ParseJobNote(bytes);
  if (!note.ok()) {
    return absl::DataLossError(
        absl::StrFormat("%s: %s", NoteFile(job), std::string(note.status().message())));
  }
  if (note->job != job || note->settings.outputs.empty()) {
    return absl::DataLossError(absl::StrFormat("%s is the note of another job", NoteFile(job)));
  }
  JobRecord record;
  record.id = job;
  record.state = IsUnfinished(note->state) ? JobState::kQueued : note->state;
  record.settings = note->settings;
  record.replace = note->replace;
  record.priority = note->priority;
  record.paused = note->paused;
  record.max_workers = std::max<int64_t>(0, note->max_workers);
  record.tags = note->tags;
  record.owner = note->owner;
  record.error = note->error;
  record.source_identity = note->source_identity;
  record.model_files = note->model_files;
  record.fingerprint = note->fingerprint;
  record.range = note->range;
  record.created_micros = note->created_micros;
  record.started_micros = note->started_micros;
  record.ended_micros = note->ended_micros;
  return record;
}

}  // namespace stereofarm
