#ifndef STEREOFARM_COORDINATOR_TRANSFER_READABLE_FILES_H_
#define STEREOFARM_COORDINATOR_TRANSFER_READABLE_FILES_H_

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/base/regular_file.h"
#include "common/base/status.h"
#include "coordinator/scheduling/leased_files.h"

namespace stereofarm {

// What a worker may ask to read.
enum class ReadableKind { kStore, kFilm, kModel, kDepthPicture };

struct ReadableRef {
  ReadableKind kind = ReadableKind::kStore;
  std::string path;   // kStore: relative to the store
  int64_t frame = 0;  // kDepthPicture
};

struct ReadableFile {
  std::filesystem::path path;
  std::string sha256;  // where it's known
  std::unique_ptr<RegularFile> file;
};

// The files that tasks read, by what their leases name. Thread-safe.
class ReadableFiles {
 public:
  explicit ReadableFiles(std::filesystem::path store) : store_(std::move(store)) {}

  // NotFound: it isn't there. PermissionDenied: the task reads no such file.
  absl::StatusOr<ReadableFile> Open(const LeasedFiles& leased, const ReadableRef& ref);

 private:
  struct Listing {
    std::filesystem::file_time_type changed;
    std::shared_ptr<const std::vector<std::string>> names;
  };
  absl::StatusOr<std::filesystem::path> DepthPicture(const std::filesystem::path& folder,
                                                     const FrameRange& range, int64_t frame);

  const std::filesystem::path store_;
  absl::Mutex mutex_;
  // A feature's folder has a name for each of its frames: not to be listed for each of them.
  std::map<std::filesystem::path, Listing> listings_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_TRANSFER_READABLE_FILES_H_
