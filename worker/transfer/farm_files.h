#ifndef STEREOFARM_WORKER_TRANSFER_FARM_FILES_H_
#define STEREOFARM_WORKER_TRANSFER_FARM_FILES_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "common/artifacts/file_fingerprint.h"
#include "common/base/byte_source.h"
#include "common/base/status.h"
#include "common/farm/task.h"

namespace stereofarm {

enum class FarmFileKind { kStore, kFilm, kModel, kDepthPicture };

// A file that the attempt's task reads.
struct FarmFile {
  FarmFileKind kind = FarmFileKind::kStore;
  std::string path;   // kStore: relative to the store
  int64_t frame = 0;  // kDepthPicture: of the film
};

struct FarmFileFacts {
  FileFingerprint fingerprint;
  std::string path;    // as the coordinator names it
  std::string sha256;  // of the whole content; empty: not known
};

// A file that the attempt writes.
struct WrittenFile {
  bool log = false;  // the attempt's log
  std::string name;  // else: in the attempt's folder
  int64_t size = 0;
  std::string sha256;
};

struct ArrivedBytes {
  int64_t size = 0;
  bool complete = false;
};

// Files through the coordinator, for the holder of a lease. Each call has a deadline and may be
// repeated. Unavailable: nobody there, or not in time; again later. FailedPrecondition: the lease
// is lost. Thread-safe.
class FarmFiles {
 public:
  using Take = std::function<absl::Status(std::string_view)>;

  virtual ~FarmFiles() = default;
  virtual absl::StatusOr<FarmFileFacts> Describe(const TaskLease& lease, const FarmFile& file) = 0;
  // Hands up to `length` (1 to 16 MiB) bytes from `offset` on to `take`, in order and checked;
  // fewer only at the file's end. After an error, what was taken counts. An error of `take` ends
  // the call with it.
  virtual absl::Status Read(const TaskLease& lease, const FarmFile& file, int64_t offset,
                            int64_t length, const Take& take) = 0;
  virtual absl::StatusOr<ArrivedBytes> Arrived(const TaskLease& lease, const WrittenFile& file) = 0;
  // Sends `length` bytes of `bytes` from `offset` on. OutOfRange: the coordinator doesn't have all
  // before them; DataLoss: all is there, with another hash, and dropped.
  virtual absl::StatusOr<ArrivedBytes> Write(const TaskLease& lease, const WrittenFile& file,
                                             int64_t offset, int64_t length, ByteSource* bytes) = 0;
};

}  // namespace stereofarm

#endif  // STEREOFARM_WORKER_TRANSFER_FARM_FILES_H_
