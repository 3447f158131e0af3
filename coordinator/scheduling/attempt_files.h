#ifndef STEREOFARM_COORDINATOR_SCHEDULING_ATTEMPT_FILES_H_
#define STEREOFARM_COORDINATOR_SCHEDULING_ATTEMPT_FILES_H_

#include <filesystem>
#include <string>
#include <vector>

#include "common/artifacts/manifest.h"
#include "common/base/status.h"

namespace stereofarm {

// The store's files, as far as the engine touches them. Thread-safe: it's called without the
// engine's lock. Folders are relative to the store.
class AttemptFiles {
 public:
  virtual ~AttemptFiles() = default;
  // Size and content of every file of the manifest; DataLoss names the file.
  virtual absl::Status Check(const std::string& directory, const Manifest& manifest) = 0;
  // Whether the committed result is there: committed.pb parses and every file has its size. The
  // content isn't read.
  virtual absl::Status CheckPresence(const std::string& directory) = 0;
  // manifest.pb or committed.pb.
  virtual absl::StatusOr<Manifest> ReadManifest(const std::string& directory,
                                                const std::string& name) = 0;
  virtual absl::Status WriteCommitted(const std::string& directory, const Manifest& manifest) = 0;
  virtual absl::StatusOr<std::string> Read(const std::string& file) = 0;
  virtual absl::Status Write(const std::string& file, const std::string& content) = 0;
  // rm -r of a file or folder, then of the folders above it that are empty now, up to the job's.
  virtual absl::Status Remove(const std::string& path) = 0;
  // The attempts' folders below "jobs/<job>", committed or not.
  virtual absl::StatusOr<std::vector<std::string>> AttemptsOf(const std::string& job) = 0;
};

// The real ones, below `store`.
class StoreFiles : public AttemptFiles {
 public:
  explicit StoreFiles(std::filesystem::path store) : store_(std::move(store)) {}
  absl::Status Check(const std::string& directory, const Manifest& manifest) override;
  absl::Status CheckPresence(const std::string& directory) override;
  absl::StatusOr<Manifest> ReadManifest(const std::string& directory,
                                        const std::string& name) override;
  absl::Status WriteCommitted(const std::string& directory, const Manifest& manifest) override;
  absl::StatusOr<std::string> Read(const std::string& file) override;
  absl::Status Write(const std::string& file, const std::string& content) override;
  absl::Status Remove(const std::string& path) override;
  absl::StatusOr<std::vector<std::string>> AttemptsOf(const std::string& job) override;

 private:
  const std::filesystem::path store_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_SCHEDULING_ATTEMPT_FILES_H_
