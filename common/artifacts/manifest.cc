#include "common/artifacts/manifest.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/base/hash.h"

namespace stereofarm {

bool IsPlainName(const std::string& name) {
  constexpr size_t kMostBytes = 255;  // as long as file systems take
  return !name.empty() && name.size() <= kMostBytes && name != "." && name != ".." &&
         name.find('/') == std::string::npos && name.find('\0') == std::string::npos;
}

absl::StatusOr<ManifestFile> DescribeFile(const std::filesystem::path& directory,
                                          const std::string& name) {
  SF_ASSIGN_OR_RETURN(FileDigest digest, DigestOfFile(directory / name));
  return ManifestFile{name, digest.size, std::move(digest.sha256)};
}

absl::Status CheckFile(const std::filesystem::path& directory, const ManifestFile& file) {
  if (!IsPlainName(file.name)) {
    return absl::DataLossError(
        absl::StrFormat("a manifest in %s names the file '%s', which is not a plain name",
                        directory.string(), file.name));
  }
  const std::filesystem::path path = directory / file.name;
  const absl::StatusOr<FileDigest> found = DigestOfFile(path);
  if (!found.ok()) {
    return absl::DataLossError(
        absl::StrFormat("%s is gone: %s", path.string(), std::string(found.status().message())));
  }
  if (found->size != file.size) {
    return absl::DataLossError(absl::StrFormat("%s has %d bytes where %d were committed",
                                               path.string(), found->size, file.size));
  }
  if (found->sha256 != file.sha256) {
    return absl::DataLossError(
        absl::StrFormat("%s has other content than was committed", path.string()));
  }
  return absl::OkStatus();
}

absl::Status CheckFiles(const std::filesystem::path& directory, const Manifest& manifest) {
  for (const ManifestFile& file : manifest.files) SF_RETURN_IF_ERROR(CheckFile(directory, file));
  return absl::OkStatus();
}

std::string AttemptDirectory(const std::string& job, const std::string& task, int64_t epoch,
                             const std::string& lease_id) {
  const size_t slash = task.find('/');
  const std::string kind = task.substr(0, slash);
  const bool makes_segments = kind == "render" || kind == "encode";
  const std::string folder =
      slash != std::string::npos && makes_segments ? "segments" + task.substr(slash) : task;
  return absl::StrFormat("jobs/%s/%s/e%d-%s", job, folder, epoch, lease_id);
}

std::string AttemptLog(const std::string& job, const std::string& task, int64_t epoch) {
  std::string flat = task;
  std::replace(flat.begin(), flat.end(), '/', '-');
  return absl::StrFormat("jobs/%s/logs/%s.e%d.log", job, flat, epoch);
}

}  // namespace stereofarm
