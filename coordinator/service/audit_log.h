#ifndef STEREOFARM_COORDINATOR_SERVICE_AUDIT_LOG_H_
#define STEREOFARM_COORDINATOR_SERVICE_AUDIT_LOG_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/base/clock.h"
#include "common/base/status.h"

namespace stereofarm {

// One call that changed something or was refused.
struct AuditEntry {
  // Address. A call that was refused at the door: all those of the caller's certificate.
  std::string peer;
  std::string name;    // of the certificate; empty without TLS
  std::string role;    // likewise
  std::string method;  // "/stereofarm.v1.Jobs/Submit"
  std::string job;     // what the call was about, as far as it says
  std::string task;
  std::string worker;
  absl::Status status;  // the answer
};

// `<root>/audit.log`: one line of JSON for each entry, in the order in which the calls ended. When
// the file reaches its largest size it becomes audit.log.1, and that audit.log.2, up to .9; older
// ones go. A line survives the process's death at once and a power loss after some seconds, as the
// database's last transactions do. Thread-safe.
class AuditLog {
 public:
  static constexpr int64_t kMostBytes = 64 << 20;
  static constexpr int kKeptFiles = 9;

  // `most_bytes`: of one file.
  static absl::StatusOr<std::unique_ptr<AuditLog>> Open(std::filesystem::path file, Clock* clock,
                                                        int64_t most_bytes = kMostBytes);
  ~AuditLog();
  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;

  // All the names that its files may have.
  static std::vector<std::filesystem::path> FilesOf(const std::filesystem::path& file);

  // What can't be written now is written as soon as it can be. The error is logged too, once until
  // it's over. A file that somebody moves away is begun anew.
  absl::Status Write(const AuditEntry& entry);
  // Whether lines can be written: people change nothing while they can't. Unavailable, with a
  // sentence for the caller.
  absl::Status CheckWritable();

 private:
  AuditLog(std::filesystem::path file, Clock* clock, int64_t most_bytes)
      : file_(std::move(file)), clock_(clock), most_bytes_(most_bytes) {}
  absl::Status Append(const std::string& text) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // False: it has to be opened again.
  bool IsThere() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status WriteUnwritten() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Try() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Reopen() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Rotate() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Close() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::filesystem::path file_;
  Clock* const clock_;
  const int64_t most_bytes_;
  absl::Mutex mutex_;
  int fd_ ABSL_GUARDED_BY(mutex_) = -1;
  int64_t size_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string unwritten_ ABSL_GUARDED_BY(mutex_);
  absl::Status last_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_SERVICE_AUDIT_LOG_H_
