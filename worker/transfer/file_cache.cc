#include "worker/transfer/file_cache.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "common/base/file_system.h"

namespace stereofarm {
namespace fs = std::filesystem;
namespace {

absl::Status WriteNew(const fs::path& path, std::string_view content) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return ErrnoStatus(errno, "cannot create " + path.string());
  absl::Status status;
  while (status.ok() && !content.empty()) {
    const ssize_t written = write(fd, content.data(), content.size());
    if (written >= 0) {
      content.remove_prefix(static_cast<size_t>(written));
    } else if (errno != EINTR) {
      status = ErrnoStatus(errno, "cannot write " + path.string());
    }
  }
  close(fd);
  if (!status.ok()) unlink(path.c_str());
  return status;
}

}  // namespace

absl::Status FileCache::Hold(const std::string& name,
                             const std::function<absl::Status(const fs::path&)>& fetch) {
  std::lock_guard lock(mutex_);
  const auto known = entries_.find(name);
  if (known != entries_.end()) {
    known->second.used = ++uses_;
    known->second.held = true;
    return absl::OkStatus();
  }
  const fs::path path = folder_ / name;
  SF_RETURN_IF_ERROR(MakeDirectories(path.parent_path()));
  if (absl::Status fetched = fetch(path); !fetched.ok()) {
    unlink(path.c_str());
    return fetched;
  }
  Add(name, /*held=*/true);
  return absl::OkStatus();
}

std::unique_ptr<RegularFile> FileCache::Find(const std::string& name) {
  std::lock_guard lock(mutex_);
  const auto known = entries_.find(name);
  if (known == entries_.end()) return nullptr;
  known->second.used = ++uses_;
  absl::StatusOr<std::unique_ptr<RegularFile>> file = RegularFile::Open(folder_ / name);
  if (file.ok()) return *std::move(file);
  entries_.erase(known);
  return nullptr;
}

absl::Status FileCache::Put(const std::string& name, std::string_view content) {
  std::lock_guard lock(mutex_);
  const fs::path path = folder_ / name;
  SF_RETURN_IF_ERROR(MakeDirectories(path.parent_path()));
  SF_RETURN_IF_ERROR(WriteNew(path, content));
  Add(name, /*held=*/false);
  return absl::OkStatus();
}

void FileCache::Adopt(const std::string& name) {
  std::lock_guard lock(mutex_);
  Add(name, /*held=*/false);
}

void FileCache::ReleaseAll() {
  std::lock_guard lock(mutex_);
  for (auto& [name, entry] : entries_) entry.held = false;
  MakeRoom();
}

void FileCache::DropHeld() {
  std::lock_guard lock(mutex_);
  for (auto it = entries_.begin(); it != entries_.end();) {
    const auto entry = it++;
    if (entry->second.held) Remove(entry);
  }
}

void FileCache::Drop(const std::string& name) {
  std::lock_guard lock(mutex_);
  const auto known = entries_.find(name);
  if (known != entries_.end()) Remove(known);
}

int64_t FileCache::bytes() const {
  std::lock_guard lock(mutex_);
  int64_t sum = 0;
  for (const auto& [name, entry] : entries_) sum += entry.bytes;
  return sum;
}

void FileCache::Add(const std::string& name, bool held) {
  const absl::StatusOr<int64_t> size = FileSize(folder_ / name);
  if (!size.ok()) return;
  entries_[name] = {*size, ++uses_, held};
  MakeRoom();
}

void FileCache::Remove(std::map<std::string, Entry>::iterator entry) {
  const fs::path path = folder_ / entry->first;
  unlink(path.c_str());
  // The folders above that are empty now.
  for (fs::path above = path.parent_path(); above != folder_; above = above.parent_path()) {
    std::error_code not_empty;
    if (!fs::remove(above, not_empty)) break;
  }
  entries_.erase(entry);
}

void FileCache::MakeRoom() {
  int64_t loose = 0;
  for (const auto& [name, entry] : entries_) {
    if (!entry.held) loose += entry.bytes;
  }
  while (loose > limit_) {
    auto oldest = entries_.end();
    for (auto it = entries_.begin(); it != entries_.end(); ++it) {
      const bool older = oldest == entries_.end() || it->second.used < oldest->second.used;
      if (!it->second.held && older) oldest = it;
    }
    loose -= oldest->second.bytes;
    Remove(oldest);
  }
}

}  // namespace stereofarm
