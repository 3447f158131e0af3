#ifndef STEREOFARM_WORKER_TRANSFER_OWN_FILES_H_
#define STEREOFARM_WORKER_TRANSFER_OWN_FILES_H_

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "common/artifacts/file_fingerprint.h"
#include "common/base/random.h"
#include "common/farm/task.h"

namespace stereofarm {

// Whether `store` is the coordinator's store: it holds the marker that the lease names, this
// process can write into the attempt's folder, which is made, and read what the task reads.
bool IsStoreOf(const TaskLease& lease, const std::filesystem::path& store, Random* random);

// Files of this machine, whether they are the same as the coordinator's. For one thread.
class OwnFiles {
 public:
  // True: `path` is a file that can be read and has this fingerprint. Files that haven't changed
  // since aren't read again.
  bool IsSame(const std::filesystem::path& path, const FileFingerprint& fingerprint);

 private:
  struct Known {
    dev_t device = 0;
    ino_t inode = 0;
    int64_t changed_nanos = 0;
    FileFingerprint fingerprint;
  };
  std::map<std::filesystem::path, Known> known_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_WORKER_TRANSFER_OWN_FILES_H_
