#include "coordinator/scheduling/attempt_files.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"
#include "proto/records.h"

namespace stereofarm {
namespace fs = std::filesystem;

absl::Status StoreFiles::Check(const std::string& directory, const Manifest& manifest) {
  return CheckFiles(store_ / directory, manifest);
}

absl::Status StoreFiles::CheckPresence(const std::string& directory) {
  const fs::path folder = store_ / directory;
  SF_ASSIGN_OR_RETURN(const Manifest manifest, stereofarm::ReadManifest(folder / kCommittedFile));
  for (const ManifestFile& file : manifest.files) {
    SF_ASSIGN_OR_RETURN(const int64_t size, FileSize(folder / file.name));
    if (size != file.size) {
      return absl::DataLossError(absl::StrFormat("%s has %d bytes where %d were committed",
                                                 (folder / file.name).string(), size, file.size));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Manifest> StoreFiles::ReadManifest(const std::string& directory,
                                                  const std::string& name) {
  return stereofarm::ReadManifest(store_ / directory / name);
}

absl::Status StoreFiles::WriteCommitted(const std::string& directory, const Manifest& manifest) {
  return WriteManifest(store_ / directory / kCommittedFile, manifest);
}

absl::StatusOr<std::string> StoreFiles::Read(const std::string& file) {
  return ReadFile(store_ / file);
}

absl::Status StoreFiles::Write(const std::string& file, const std::string& content) {
  SF_RETURN_IF_ERROR(MakeDirectories((store_ / file).parent_path()));
  return WriteFileAtomically(store_ / file, content);
}

absl::Status StoreFiles::Remove(const std::string& path) {
  SF_RETURN_IF_ERROR(RemoveTree(store_ / path));
  // "jobs/<job>" has two parts.
  for (fs::path above = fs::path(path).parent_path(); std::distance(above.begin(), above.end()) > 2;
       above = above.parent_path()) {
    std::error_code not_empty;
    if (!fs::remove(store_ / above, not_empty)) break;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> StoreFiles::AttemptsOf(const std::string& job) {
  // jobs/<job>/<kind>/<shard>/<attempt>
  std::vector<std::string> attempts;
  const fs::path root = store_ / "jobs" / job;
  std::error_code error;
  if (!fs::exists(root, error)) return attempts;
  for (fs::recursive_directory_iterator it(root, error), end; !error && it != end;
       it.increment(error)) {
    if (it.depth() < 2) continue;
    it.disable_recursion_pending();
    if (it->is_directory()) {
      attempts.push_back(it->path().lexically_relative(store_).generic_string());
    }
  }
  if (error) return ErrnoStatus(error.value(), "cannot list " + root.string());
  std::sort(attempts.begin(), attempts.end());
  return attempts;
}

}  // namespace stereofarm
