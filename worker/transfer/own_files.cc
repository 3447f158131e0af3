#include "worker/transfer/own_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "common/artifacts/manifest.h"
#include "common/artifacts/store_marker.h"
#include "common/base/file_system.h"
#include "common/base/regular_file.h"

namespace stereofarm {
namespace fs = std::filesystem;
namespace {

// So many files are remembered: those of some shards of a folder of depth pictures.
constexpr size_t kMostKnown = 4096;

bool CanRead(const fs::path& file) { return access(file.c_str(), R_OK) == 0; }

bool CanReadInputs(const TaskSpec& spec, const fs::path& store) {
  const auto readable = [&](const std::string& folder) {
    return folder.empty() || CanRead(store / folder / kCommittedFile);
  };
  return CanRead(store / spec.index_file) && readable(spec.warp_directory) &&
         readable(spec.inpaint_directory) &&
         std::all_of(spec.depth.begin(), spec.depth.end(),
                     [&](const DepthSource& source) { return readable(source.directory); });
}

bool CanWriteInto(const fs::path& folder, Random* random) {
  if (!MakeDirectories(folder).ok()) return false;
  const fs::path file = folder / ("probe-" + random->Hex(16));
  const int fd = open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return false;
  close(fd);
  return unlink(file.c_str()) == 0;
}

}  // namespace

bool IsStoreOf(const TaskLease& lease, const fs::path& store, Random* random) {
  if (lease.store_marker.empty()) return false;
  const absl::StatusOr<std::string> marker = ReadFile(store / kStoreMarkerFile);
  return marker.ok() && *marker == lease.store_marker && CanReadInputs(lease.spec, store) &&
         CanWriteInto(store / lease.attempt_directory, random);
}

bool OwnFiles::IsSame(const fs::path& path, const FileFingerprint& fingerprint) {
  struct stat facts {};
  if (stat(path.c_str(), &facts) != 0 || facts.st_size != fingerprint.size) return false;
  const int64_t changed = int64_t{facts.st_mtim.tv_sec} * 1'000'000'000 + facts.st_mtim.tv_nsec;
  const auto known = known_.find(path);
  if (known != known_.end() && known->second.device == facts.st_dev &&
      known->second.inode == facts.st_ino && known->second.changed_nanos == changed) {
    return known->second.fingerprint == fingerprint;
  }
  const absl::StatusOr<std::unique_ptr<RegularFile>> file = RegularFile::Open(path);
  if (!file.ok()) return false;
  const absl::StatusOr<FileFingerprint> own = FingerprintOf(file->get());
  if (!own.ok()) return false;
  if (known_.size() >= kMostKnown) known_.clear();
  known_[path] = {facts.st_dev, facts.st_ino, changed, *own};
  return *own == fingerprint;
}

}  // namespace stereofarm
