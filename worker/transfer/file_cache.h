#ifndef STEREOFARM_WORKER_TRANSFER_FILE_CACHE_H_
#define STEREOFARM_WORKER_TRANSFER_FILE_CACHE_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "common/base/regular_file.h"
#include "common/base/status.h"

namespace stereofarm {

// Files that were fetched, by their path below a folder. When they take more than a limit, those go
// that weren't used for the longest time; files that are held stay in any case. Thread-safe.
class FileCache {
 public:
  // `limit_bytes`: of what isn't held.
  FileCache(std::filesystem::path folder, int64_t limit_bytes)
      : folder_(std::move(folder)), limit_(limit_bytes) {}

  const std::filesystem::path& folder() const { return folder_; }

  // Makes sure that the file `name` is there, by `fetch` where it isn't, and holds it until
  // ReleaseAll. What `fetch` leaves when it fails is removed.
  absl::Status Hold(const std::string& name,
                    const std::function<absl::Status(const std::filesystem::path&)>& fetch);
  // Opens the file; null when it isn't there.
  std::unique_ptr<RegularFile> Find(const std::string& name);
  // Writes a new one.
  absl::Status Put(const std::string& name, std::string_view content);
  // Takes a file that lies in the folder already for one of its own.
  void Adopt(const std::string& name);
  // Nothing is held any more.
  void ReleaseAll();
  // Removes what is held: it may be damaged.
  void DropHeld();
  // Removes the file if it's there.
  void Drop(const std::string& name);

  int64_t bytes() const;

 private:
  struct Entry {
    int64_t bytes = 0;
    int64_t used = 0;  // number of the use
    bool held = false;
  };
  // All with mutex_ locked.
  void Add(const std::string& name, bool held);
  void Remove(std::map<std::string, Entry>::iterator entry);
  void MakeRoom();

  const std::filesystem::path folder_;
  const int64_t limit_;
  mutable std::mutex mutex_;
  std::map<std::string, Entry> entries_;  // guarded by mutex_
  int64_t uses_ = 0;                      // guarded by mutex_
};

}  // namespace stereofarm

#endif  // STEREOFARM_WORKER_TRANSFER_FILE_CACHE_H_
