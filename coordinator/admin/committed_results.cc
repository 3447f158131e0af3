#include "coordinator/admin/committed_results.h"

#include <charconv>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "coordinator/scheduling/task_spec.h"

namespace stereofarm {
namespace {

// "000120-000216"; nothing for what RangeName wouldn't write.
std::optional<FrameRange> ParseRangeName(const std::string& name) {
  const size_t dash = name.find('-');
  if (dash == std::string::npos) return std::nullopt;
  FrameRange range;
  const char* const end = name.data() + name.size();
  const auto first = std::from_chars(name.data(), name.data() + dash, range.begin);
  const auto second = std::from_chars(name.data() + dash + 1, end, range.end);
  if (first.ec != std::errc() || second.ec != std::errc() || range.begin < 0 ||
      range.end <= range.begin || RangeName(range) != name) {
    return std::nullopt;
  }
  return range;
}

// The row that a committed manifest stands for; DataLoss when it's not that of `attempt`.
absl::StatusOr<TaskRecord> RowOf(const std::string& job, const std::string& attempt,
                                 const Manifest& manifest) {
  const size_t slash = manifest.task.find('/');
  const absl::StatusOr<TaskKind> kind = ParseTaskKind(manifest.task.substr(0, slash));
  const std::optional<FrameRange> core =
      slash == std::string::npos ? std::nullopt : ParseRangeName(manifest.task.substr(slash + 1));
  if (manifest.job != job || !kind.ok() || !core || manifest.epoch < 1 ||
      AttemptDirectory(job, manifest.task, manifest.epoch, manifest.lease_id) != attempt) {
    return absl::DataLossError(
        absl::StrFormat("%s/%s is that of another attempt", attempt, kCommittedFile));
  }
  TaskRecord row;
  row.job = job;
  row.name = manifest.task;
  row.kind = *kind;
  row.core = *core;
  // Its shot is found when the film is looked at again.
  row.shot_begin = *kind == TaskKind::kScan ? kNoShot : core->begin;
  row.state = TaskState::kDone;
  row.epoch = manifest.epoch;
  row.lease_id = manifest.lease_id;
  row.numeric_class = manifest.numeric_class;
  row.stage_key = manifest.stage_key;
  row.committed_directory = attempt;
  row.published = true;
  return row;
}

}  // namespace

absl::StatusOr<CommittedResults> FindCommittedResults(const std::string& job, bool hash,
                                                      AttemptFiles* files) {
  CommittedResults results;
  SF_ASSIGN_OR_RETURN(results.attempts, files->AttemptsOf(job));
  for (const std::string& attempt : results.attempts) {
    const absl::StatusOr<Manifest> manifest = files->ReadManifest(attempt, kCommittedFile);
    if (absl::IsNotFound(manifest.status())) continue;
    absl::Status status = manifest.status();
    absl::StatusOr<TaskRecord> row = absl::UnknownError("");
    if (status.ok()) {
      row = RowOf(job, attempt, *manifest);
      status = row.status();
    }
    if (status.ok()) {
      status = hash ? files->Check(attempt, *manifest) : files->CheckPresence(attempt);
    }
    if (!status.ok()) {
      results.damaged.emplace(attempt, status.message());
      continue;
    }
    const auto [it, inserted] = results.tasks.try_emplace(row->name, *row);
    if (!inserted && it->second.epoch < row->epoch) it->second = *std::move(row);
  }
  return results;
}

}  // namespace stereofarm
