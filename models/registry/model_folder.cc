#include "models/registry/model_folder.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/base/file_system.h"
#include "common/base/hash.h"
#include "common/base/regular_file.h"
#include "models/registry/model_record.h"
#include "models/weights/weight_file.h"

namespace stereofarm {
namespace fs = std::filesystem;
namespace {

constexpr size_t kPieceBytes = 1 << 20;

// Gives `use` the file piece by piece.
absl::Status ReadPieces(const fs::path& path, const ModelFolder::Progress& progress,
                        const std::function<absl::Status(std::string_view)>& use) {
  SF_ASSIGN_OR_RETURN(const std::unique_ptr<RegularFile> file, RegularFile::Open(path));
  std::vector<char> piece(kPieceBytes);
  for (int64_t offset = 0;;) {
    SF_ASSIGN_OR_RETURN(const size_t got, file->ReadAt(offset, piece.data(), piece.size()));
    if (got == 0) return absl::OkStatus();
    SF_RETURN_IF_ERROR(use({piece.data(), got}));
    offset += static_cast<int64_t>(got);
    if (progress) progress(offset, std::max(offset, file->size()));
  }
}

absl::StatusOr<std::string> HashOf(const fs::path& path, const ModelFolder::Progress& progress) {
  Sha256 hash;
  SF_RETURN_IF_ERROR(ReadPieces(path, progress, [&](std::string_view piece) {
    hash.Update(piece);
    return absl::OkStatus();
  }));
  return hash.Finish();
}

absl::Status WriteAll(int fd, std::string_view piece, const fs::path& name) {
  while (!piece.empty()) {
    const ssize_t written = write(fd, piece.data(), piece.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoStatus(errno, "cannot write " + name.string());
    piece.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

// Copies, and hashes what it copies.
absl::Status CopyFile(const fs::path& from, const fs::path& to, Sha256* hash,
                      const ModelFolder::Progress& progress) {
  const int fd = open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return ErrnoStatus(errno, "cannot create " + to.string());
  absl::Status status = ReadPieces(from, progress, [&](std::string_view piece) {
    hash->Update(piece);
    return WriteAll(fd, piece, to);
  });
  if (close(fd) != 0 && status.ok()) status = ErrnoStatus(errno, "cannot write " + to.string());
  return status;
}

std::string ShapeText(const std::vector<int64_t>& shape) {
  return "[" + absl::StrJoin(shape, ", ") + "]";
}

// What keeps the tensors from being those of one spelling of a model; empty: nothing does.
std::string Misfit(const std::vector<TellingTensor>& spelling, const WeightFile& file) {
  for (const TellingTensor& wanted : spelling) {
    const auto found = file.tensors().find(wanted.name);
    if (found == file.tensors().end()) {
      return absl::StrFormat("there is no tensor \"%s\"", wanted.name);
    }
    if (found->second.shape != wanted.shape) {
      return absl::StrFormat("the tensor \"%s\" is %s, not %s", wanted.name,
                             ShapeText(found->second.shape), ShapeText(wanted.shape));
    }
  }
  return "";
}

fs::path RecordPath(const fs::path& folder, std::string_view name) {
  return folder / (std::string(name) + ".json");
}

// The recorded file, which may not be there.
absl::StatusOr<ModelRecord> ReadRecord(const fs::path& folder, std::string_view name) {
  if (folder.empty()) {
    return absl::NotFoundError("there is no folder of weights; name one in STEREOFARM_MODELS");
  }
  auto text = ReadFile(RecordPath(folder, name));
  if (absl::IsNotFound(text.status())) {
    return absl::NotFoundError(absl::StrFormat(
        "the weights of %s are not in %s; stereofarm models fetch or add brings them there",
        std::string(name), folder.string()));
  }
  if (!text.ok()) return text.status();
  auto record = ParseModelRecord(*text);
  if (!record.ok()) {
    return absl::DataLossError(absl::StrFormat("%s is damaged (%s); add the model again",
                                               RecordPath(folder, name).string(),
                                               std::string(record.status().message())));
  }
  return record;
}

}  // namespace

absl::StatusOr<fs::path> FindModelFolder(const std::string& option) {
  if (!option.empty()) return fs::path(option);
  const auto variable = [](const char* name) -> std::string {
    const char* value = getenv(name);
    return value != nullptr ? value : "";
  };
  if (const std::string folder = variable("STEREOFARM_MODELS"); !folder.empty()) return folder;
  const fs::path inner = fs::path("stereofarm") / "models";
  // A relative one counts as not set (XDG Base Directory Specification).
  const fs::path data = variable("XDG_DATA_HOME");
  if (data.is_absolute()) return data / inner;
  const std::string home = variable("HOME");
  if (!home.empty()) return fs::path(home) / ".local" / "share" / inner;
  return absl::InvalidArgumentError("which folder holds the models? name it in STEREOFARM_MODELS");
}

absl::StatusOr<InstalledModel> ModelFolder::Find(std::string_view name) const {
  SF_ASSIGN_OR_RETURN(const ModelRecord record, ReadRecord(path_, name));
  const InstalledModel model{path_ / record.file, record.bytes, record.sha256};
  const auto bytes = FileSize(model.file);
  if (!bytes.ok() || *bytes != model.bytes) {
    return absl::DataLossError(absl::StrFormat(
        "%s %s; add or fetch %s again", model.file.string(),
        bytes.ok() ? "has not the size that it had" : "is gone", std::string(name)));
  }
  return model;
}

absl::StatusOr<InstalledModel> ModelFolder::FindByHash(std::string_view sha256) const {
  for (const KnownModel& known : KnownModels()) {
    const auto model = Find(known.name);
    if (model.ok() && model->sha256 == sha256) return model;
  }
  return absl::NotFoundError(absl::StrFormat("no weights with the hash %s are in %s",
                                             std::string(sha256), path_.string()));
}

absl::StatusOr<InstalledModel> ModelFolder::Add(const KnownModel& model, const fs::path& file,
                                                const Progress& progress) const {
  SF_RETURN_IF_ERROR(CheckTensors(model, file));
  SF_RETURN_IF_ERROR(MakeDirectories(path_));
  const fs::path copy = path_ / absl::StrFormat("%s.%d.tmp", model.name, getpid());
  Sha256 hash;
  const absl::Status copied = CopyFile(file, copy, &hash, progress);
  auto placed =
      copied.ok() ? Place(model, copy, hash.Finish()) : absl::StatusOr<InstalledModel>(copied);
  if (!placed.ok()) unlink(copy.c_str());
  return placed;
}

absl::StatusOr<InstalledModel> ModelFolder::TakePublished(const KnownModel& model,
                                                          const fs::path& file,
                                                          const Progress& progress) const {
  SF_ASSIGN_OR_RETURN(const std::string sha256, HashOf(file, progress));
  if (!IsPublished(model, sha256)) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%s is not the file that is published as %s: its SHA-256 is %s and should be %s",
        file.string(), model.name, sha256, model.sha256));
  }
  return Place(model, file, sha256);
}

absl::StatusOr<InstalledModel> ModelFolder::Place(const KnownModel& model, const fs::path& file,
                                                  const std::string& sha256) const {
  // Of the file that stays, not of what it was copied from.
  SF_RETURN_IF_ERROR(CheckTensors(model, file));
  SF_ASSIGN_OR_RETURN(const int64_t bytes, FileSize(file));
  const auto replaced = ReadRecord(path_, model.name);
  // Of a name of its own, so that one rename of the record changes from old to new.
  const ModelRecord record{absl::StrFormat("%s-%s.weights", model.name, sha256.substr(0, 16)),
                           bytes, sha256};
  SF_RETURN_IF_ERROR(SyncPath(file));
  SF_RETURN_IF_ERROR(Rename(file, path_ / record.file));
  SF_RETURN_IF_ERROR(
      WriteFileAtomically(RecordPath(path_, model.name), SerializeModelRecord(record)));
  if (replaced.ok() && replaced->file != record.file) {
    unlink((path_ / replaced->file).c_str());
  }
  return InstalledModel{path_ / record.file, bytes, sha256};
}

absl::Status ModelFolder::Verify(const KnownModel& model, const Progress& progress) const {
  SF_ASSIGN_OR_RETURN(const InstalledModel installed, Find(model.name));
  SF_ASSIGN_OR_RETURN(const std::string sha256, HashOf(installed.file, progress));
  if (sha256 != installed.sha256) {
    return absl::DataLossError(absl::StrFormat("%s is damaged; add or fetch %s again",
                                               installed.file.string(), model.name));
  }
  return CheckTensors(model, installed.file);
}

bool IsPublished(const KnownModel& model, std::string_view sha256) {
  return !model.sha256.empty() && sha256.starts_with(model.sha256);
}

absl::Status CheckTensors(const KnownModel& model, const fs::path& path) {
  SF_ASSIGN_OR_RETURN(const auto file, WeightFile::Open(path));
  std::string misfit;
  for (const auto& spelling : model.spellings) {
    const std::string next = Misfit(spelling, *file);
    if (next.empty()) return absl::OkStatus();
    // Of several spellings, the one whose names are there tells most.
    if (misfit.empty() || file->tensors().contains(spelling.front().name)) misfit = next;
  }
  return absl::InvalidArgumentError(
      absl::StrFormat("%s does not hold the weights of %s: %s", path.string(), model.name, misfit));
}

}  // namespace stereofarm
