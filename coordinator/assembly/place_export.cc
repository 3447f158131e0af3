#include "coordinator/assembly/place_export.h"

#include <regex>
#include <vector>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"
#include "coordinator/assembly/assemble_film.h"
#include "nlohmann/json.hpp"

namespace stereofarm {
namespace fs = std::filesystem;
namespace {

std::string NoteOf(const FilmOrder& order, const ExportSpec& spec) {
  const bool metres = spec.format == ExportFormat::kExrMetres;
  nlohmann::json note;
  note["format"] = ExportFormatName(spec.format);
  note["values"] = metres ? kReconciledMetres : kReconciledDepth;
  note["first_frame"] = order.range.begin;
  note["frames"] = order.range.size();
  note["film"] = fs::path(order.settings.input).filename().string();
  note["depth"] = order.settings.depth;
  note["fingerprint"] = order.fingerprint;
  return note.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

// Nothing but an export's files lies in the folder.
bool HoldsExportAlone(const fs::path& folder) {
  if (ExportFingerprint(folder).empty()) return false;
  static const std::regex pattern("depth\\.[0-9]{6,}\\.(exr|png|npz)");
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name != kExportNote && !std::regex_match(name, pattern)) return false;
  }
  return !error;
}

// The folder may be taken.
absl::Status CheckPlace(const fs::path& folder, bool replace) {
  std::error_code error;
  if (!fs::exists(folder, error)) return absl::OkStatus();
  if (fs::is_directory(folder, error) && fs::is_empty(folder, error)) return absl::OkStatus();
  if (replace) {
    if (HoldsExportAlone(folder)) return absl::OkStatus();
    return absl::AlreadyExistsError(
        absl::StrFormat("%s holds files that no export has written; move it away and run the job "
                        "again",
                        folder.string()));
  }
  return absl::AlreadyExistsError(
      absl::StrFormat("%s has appeared since the job was submitted; move it away and run the job "
                      "again",
                      folder.string()));
}

absl::Status CopyFiles(const FilmOrder& order, size_t which, const fs::path& to,
                       const std::function<bool(double)>& progress) {
  const std::vector<fs::path>& files = order.exports[which];
  if (static_cast<int64_t>(files.size()) != order.range.size()) {
    return absl::InternalError(absl::StrFormat("%s: %d files of depth where %d belong", to.string(),
                                               files.size(), order.range.size()));
  }
  SF_RETURN_IF_ERROR(RemoveTree(to));
  SF_RETURN_IF_ERROR(MakeDirectories(to));
  for (size_t i = 0; i < files.size(); ++i) {
    if (!progress(static_cast<double>(i) / static_cast<double>(files.size()))) {
      return absl::CancelledError("the assembly was stopped");
    }
    const fs::path target = to / ExportFileName(order.settings.exports[which].format,
                                                order.range.begin + static_cast<int64_t>(i));
    std::error_code error;
    if (!fs::copy_file(files[i], target, error)) {
      return ErrnoStatus(error.value(), absl::StrFormat("cannot copy %s to %s", files[i].string(),
                                                        target.string()));
    }
    SF_RETURN_IF_ERROR(SyncPath(target));
  }
  SF_RETURN_IF_ERROR(
      WriteFileAtomically(to / kExportNote, NoteOf(order, order.settings.exports[which])));
  return SyncPath(to);
}

// Puts the whole folder in its place; what lies there is an earlier export, an empty folder or
// nothing. Renaming takes the place of an empty folder and of no other.
absl::Status Publish(const fs::path& whole, const fs::path& place) {
  std::error_code error;
  const fs::path old = whole.string() + ".old";
  SF_RETURN_IF_ERROR(RemoveTree(old));
  const bool replaces = fs::exists(place, error) && !fs::is_empty(place, error);
  if (replaces) SF_RETURN_IF_ERROR(Rename(place, old));
  const absl::Status status = Rename(whole, place);
  if (replaces && !status.ok()) Rename(old, place).IgnoreError();
  SF_RETURN_IF_ERROR(status);
  return RemoveTree(old);
}

}  // namespace

absl::Status PlaceExport(const FilmOrder& order, size_t which,
                         const std::function<bool(double)>& progress) {
  const fs::path place = order.settings.exports[which].folder;
  if (!order.fingerprint.empty() && !order.replace &&
      ExportFingerprint(place) == order.fingerprint) {
    return absl::OkStatus();
  }
  SF_RETURN_IF_ERROR(CheckPlace(place, order.replace));
  const fs::path unfinished = UnfinishedFilm(place, order.job);
  absl::Status status = CopyFiles(order, which, unfinished, progress);
  if (status.ok()) status = CheckPlace(place, order.replace);
  if (status.ok()) status = Publish(unfinished, place);
  if (!status.ok()) RemoveTree(unfinished).IgnoreError();
  return status;
}

std::string ExportFingerprint(const fs::path& folder) {
  const absl::StatusOr<std::string> bytes = ReadFile(folder / kExportNote);
  if (!bytes.ok()) return "";
  const nlohmann::json note = nlohmann::json::parse(*bytes, nullptr, /*allow_exceptions=*/false);
  if (!note.is_object()) return "";
  const auto fingerprint = note.find("fingerprint");
  return fingerprint != note.end() && fingerprint->is_string() ? fingerprint->get<std::string>()
                                                               : "";
}

}  // namespace stereofarm
