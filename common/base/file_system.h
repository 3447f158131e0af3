#ifndef STEREOFARM_COMMON_BASE_FILE_SYSTEM_H_
#define STEREOFARM_COMMON_BASE_FILE_SYSTEM_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "common/base/status.h"

namespace stereofarm {

// Whole content of a file. NotFound when it isn't there, PermissionDenied, DataLoss on a read
// error.
absl::StatusOr<std::string> ReadFile(const std::filesystem::path& path);

// Writes through a temporary file beside `path`, fsync, rename, fsync of the folder: after a crash
// the old or the new content is there, never a part. ResourceExhausted when the disk is full;
// nothing is left behind on failure.
absl::Status WriteFileAtomically(const std::filesystem::path& path, std::string_view content);

// The same, and nobody but its owner may read it.
absl::Status WritePrivateFile(const std::filesystem::path& path, std::string_view content);

// Flushes a written file (or a folder's entries) to the disk.
absl::Status SyncPath(const std::filesystem::path& path);

// mkdir -p.
absl::Status MakeDirectories(const std::filesystem::path& path);

// rm -r; fine when it isn't there.
absl::Status RemoveTree(const std::filesystem::path& path);

// rename(2), replacing `to`; both on one file system. Syncs the folder.
absl::Status Rename(const std::filesystem::path& from, const std::filesystem::path& to);

// The same, but AlreadyExists where `to` is there, untouched.
absl::Status RenameToNew(const std::filesystem::path& from, const std::filesystem::path& to);

absl::StatusOr<int64_t> FileSize(const std::filesystem::path& path);

struct DiskSpace {
  int64_t free = 0;   // bytes that this process may still write
  int64_t total = 0;  // bytes
  uint64_t disk = 0;  // the same for all that lies on it
};
// Of the disk that holds `path`.
absl::StatusOr<DiskSpace> FreeSpace(const std::filesystem::path& path);

// A Status of errno's meaning: ENOENT NotFound, EACCES/EPERM/EROFS PermissionDenied, ENOSPC/EDQUOT
// ResourceExhausted, else Internal. `what` names the action and the file.
absl::Status ErrnoStatus(int error, const std::string& what);

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_BASE_FILE_SYSTEM_H_
