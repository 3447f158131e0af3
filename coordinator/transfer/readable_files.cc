#include "coordinator/transfer/readable_files.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/artifacts/manifest.h"
#include "common/base/file_system.h"
#include "common/farm/depth_setting.h"

namespace stereofarm {
namespace fs = std::filesystem;
namespace {

constexpr size_t kMostListings = 4;

// Whether a task of this specification reads `path`: the index, or a file that lies right in the
// folder of one of its inputs. Compared as text, so that nothing leads out of them.
bool Reads(const TaskSpec& spec, const std::string& path) {
  if (path == spec.index_file) return true;
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos || !IsPlainName(path.substr(slash + 1))) return false;
  const std::string folder = path.substr(0, slash);
  if (folder.empty()) return false;
  if (folder == spec.warp_directory || folder == spec.inpaint_directory) return true;
  return std::any_of(spec.depth.begin(), spec.depth.end(),
                     [&](const DepthSource& source) { return folder == source.directory; });
}

absl::StatusOr<std::vector<std::string>> ExrNames(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == ".exr") names.push_back(it->path().filename().string());
  }
  if (error) return ErrnoStatus(error.value(), "cannot list " + folder.string());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

absl::StatusOr<ReadableFile> ReadableFiles::Open(const LeasedFiles& leased,
                                                 const ReadableRef& ref) {
  const TaskSpec& spec = leased.spec;
  const DepthSetting depth = ParseDepthSetting(spec.settings.depth);
  ReadableFile readable;
  bool allowed = false;
  switch (ref.kind) {
    case ReadableKind::kStore:
      allowed = Reads(spec, ref.path);
      readable.path = store_ / ref.path;
      break;
    case ReadableKind::kFilm:
      allowed = true;
      readable.path = spec.settings.input;
      break;
    case ReadableKind::kModel:
      allowed = spec.kind == TaskKind::kDepth && depth.ReadsModelFile();
      if (allowed) readable.path = depth.path;
      readable.sha256 = leased.model_files;
      break;
    case ReadableKind::kDepthPicture:
      allowed = spec.kind == TaskKind::kDepth && depth.ReadsPictures() &&
                spec.shard.full.Contains(ref.frame);
      if (allowed) {
        SF_ASSIGN_OR_RETURN(readable.path, DepthPicture(depth.path, leased.range, ref.frame));
      }
      break;
  }
  if (!allowed) {
    return absl::PermissionDeniedError(
        absl::StrFormat("%s of job %s doesn't read that file", spec.task, spec.job));
  }
  // In the store nobody makes links.
  const bool follow_link = ref.kind != ReadableKind::kStore;
  SF_ASSIGN_OR_RETURN(readable.file, RegularFile::Open(readable.path, follow_link));
  return readable;
}

absl::StatusOr<fs::path> ReadableFiles::DepthPicture(const fs::path& folder,
                                                     const FrameRange& range, int64_t frame) {
  std::error_code error;
  const fs::file_time_type changed = fs::last_write_time(folder, error);
  if (error) return ErrnoStatus(error.value(), "cannot list " + folder.string());
  std::shared_ptr<const std::vector<std::string>> names;
  {
    absl::MutexLock lock(&mutex_);
    const auto known = listings_.find(folder);
    if (known != listings_.end() && known->second.changed == changed) names = known->second.names;
  }
  if (names == nullptr) {
    SF_ASSIGN_OR_RETURN(std::vector<std::string> listed, ExrNames(folder));
    names = std::make_shared<const std::vector<std::string>>(std::move(listed));
    absl::MutexLock lock(&mutex_);
    if (listings_.size() >= kMostListings) listings_.clear();
    listings_[folder] = {changed, names};
  }
  const auto count = static_cast<int64_t>(names->size());
  const int64_t index = count == range.size() ? frame - range.begin : frame;
  if (index < 0 || index >= count) {
    return absl::NotFoundError(
        absl::StrFormat("%s has no picture for frame %d", folder.string(), frame));
  }
  return folder / (*names)[static_cast<size_t>(index)];
}

}  // namespace stereofarm
