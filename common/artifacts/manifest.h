#ifndef STEREOFARM_COMMON_ARTIFACTS_MANIFEST_H_
#define STEREOFARM_COMMON_ARTIFACTS_MANIFEST_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "common/base/status.h"

namespace stereofarm {

struct ManifestFile {
  std::string name;  // in the attempt's folder, no slashes
  int64_t size = 0;
  std::string sha256;
  bool operator==(const ManifestFile&) const = default;
};

// What one attempt made. The worker writes it as manifest.pb beside the files; the coordinator, and
// nobody else, writes the same as committed.pb when the attempt has won. Readers find files only
// through committed.pb.
struct Manifest {
  std::string job;
  std::string task;
  int64_t epoch = 0;
  std::string lease_id;
  std::string stage_key;
  std::string numeric_class;
  std::string build;
  std::string model;  // DepthEstimator::Id() or Inpainter::Id() of what made it
  int64_t frames = 0;
  std::vector<ManifestFile> files;
  bool operator==(const Manifest&) const = default;
};

inline constexpr char kManifestFile[] = "manifest.pb";
inline constexpr char kCommittedFile[] = "committed.pb";

// Whether `name` names a file right in a folder: no slash, no NUL, not "." or "..".
bool IsPlainName(const std::string& name);

// Size and hash of `name` in `directory`.
absl::StatusOr<ManifestFile> DescribeFile(const std::filesystem::path& directory,
                                          const std::string& name);

// DataLoss, naming the file, when it's missing or differs from its entry. Names that would leave
// the folder are refused.
absl::Status CheckFile(const std::filesystem::path& directory, const ManifestFile& file);
// Every file of the manifest.
absl::Status CheckFiles(const std::filesystem::path& directory, const Manifest& manifest);

// Folder of an attempt, relative to the store: "jobs/<job>/depth/<shard>/e<epoch>-<lease id>";
// "segments" for tasks that make segments of the film ("render/...", "encode/...").
std::string AttemptDirectory(const std::string& job, const std::string& task, int64_t epoch,
                             const std::string& lease_id);
// "jobs/<job>/logs/<task>.e<epoch>.log", the task's slash as a dash.
std::string AttemptLog(const std::string& job, const std::string& task, int64_t epoch);

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_ARTIFACTS_MANIFEST_H_
