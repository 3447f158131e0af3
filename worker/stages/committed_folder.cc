#include "worker/stages/committed_folder.h"

#include <utility>

#include "absl/strings/str_format.h"
#include "proto/records.h"
#include "worker/stages/damage.h"

namespace stereofarm {

CommittedFolder::CommittedFolder(std::string task, std::filesystem::path folder,
                                 const Manifest& manifest)
    : task_(std::move(task)), folder_(std::move(folder)) {
  for (const ManifestFile& file : manifest.files) files_[file.name] = file;
}

absl::StatusOr<CommittedFolder> CommittedFolder::Open(const std::string& task,
                                                      const std::filesystem::path& folder) {
  const absl::StatusOr<Manifest> manifest = ReadManifest(folder / kCommittedFile);
  if (!manifest.ok()) return DamagedResult(task, manifest.status());
  return CommittedFolder(task, folder, *manifest);
}

absl::StatusOr<ExrImage> CommittedFolder::Read(const std::string& name) const {
  const auto file = files_.find(name);
  if (file == files_.end()) {
    return Damaged(absl::StrFormat("%s names no %s", (folder_ / kCommittedFile).string(), name));
  }
  if (absl::Status intact = CheckFile(folder_, file->second); !intact.ok()) {
    return DamagedResult(task_, intact);
  }
  absl::StatusOr<ExrImage> image = ReadExr(folder_ / name);
  if (!image.ok()) return DamagedResult(task_, image.status());
  return image;
}

absl::Status CommittedFolder::Damaged(const std::string& how) const {
  return DamagedResult(task_, absl::DataLossError(how));
}

}  // namespace stereofarm
