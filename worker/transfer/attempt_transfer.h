#ifndef STEREOFARM_WORKER_TRANSFER_ATTEMPT_TRANSFER_H_
#define STEREOFARM_WORKER_TRANSFER_ATTEMPT_TRANSFER_H_

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "common/base/random.h"
#include "worker/stages/task_run.h"
#include "worker/transfer/farm_files.h"

namespace stereofarm {

// What has travelled for one attempt.
struct TransferCount {
  std::atomic<int64_t> read_bytes{0};
  std::atomic<int64_t> written_bytes{0};
};

// One attempt's files through the coordinator, whatever happens to the line: what is interrupted
// goes on where it was, after a pause that doubles, until the task is told to stop. Thread-safe.
class AttemptTransfer {
 public:
  // Waits so long, or until `progress` is cancelled.
  using Pause = std::function<void(int64_t micros, const TaskProgress& progress)>;
  // Of the real clock.
  static void RealPause(int64_t micros, const TaskProgress& progress);

  // All that is given outlives this.
  AttemptTransfer(FarmFiles* farm, const TaskLease& lease, const TaskProgress* progress,
                  Random* random, Pause pause = RealPause);

  const TaskLease& lease() const { return lease_; }
  const TransferCount& count() const { return count_; }

  absl::StatusOr<FarmFileFacts> Describe(const FarmFile& file);
  // As FarmFiles::Read, to the end of the file or of `length`, which may be anything above 0.
  absl::Status Read(const FarmFile& file, int64_t offset, int64_t length,
                    const FarmFiles::Take& take);
  // The whole file as `path`, whose folder exists. ResourceExhausted names the path.
  absl::Status Fetch(const FarmFile& file, const std::filesystem::path& path);
  // The local file `path` as `file`, whose size and hash are set already.
  absl::Status Send(const WrittenFile& file, const std::filesystem::path& path);

 private:
  // Calls again and again while the answer may be another later. `moved`: whether the last call
  // has moved anything, so that the pauses begin anew.
  absl::Status Persist(const std::function<absl::Status(bool* moved)>& call);
  absl::Status SendOn(const WrittenFile& file, ByteSource* bytes, ArrivedBytes* arrived);

  FarmFiles* const farm_;
  const TaskLease& lease_;
  const TaskProgress* const progress_;
  Random* const random_;
  const Pause pause_;
  TransferCount count_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_WORKER_TRANSFER_ATTEMPT_TRANSFER_H_
