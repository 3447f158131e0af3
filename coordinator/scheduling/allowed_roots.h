#ifndef STEREOFARM_COORDINATOR_SCHEDULING_ALLOWED_ROOTS_H_
#define STEREOFARM_COORDINATOR_SCHEDULING_ALLOWED_ROOTS_H_

#include <filesystem>
#include <string>
#include <vector>

#include "common/base/status.h"

namespace stereofarm {

// Where an absolute path leads now: without ".", ".." and links, as the kernel would follow them,
// links that lead to nothing too; what lies below the last thing that exists is taken as it's
// written. InvalidArgument when `path` is empty, relative, has a byte 0, is too long, or goes up
// again below something that doesn't exist. PermissionDenied for links that only the kernel
// understands (below /proc).
absl::StatusOr<std::filesystem::path> WhereItLeads(const std::string& path);

// Whether `path` is `folder` or lies below it; both as WhereItLeads gives them.
bool LiesIn(const std::filesystem::path& path, const std::filesystem::path& folder);

// The folders that jobs may touch. Every check looks at the disk as it is at that moment; callers
// check again before they open what they checked long ago.
class AllowedRoots {
 public:
  // `roots`: absolute folders. `kept`: files and folders in them that no job may touch.
  // `kept_from_writing`: likewise, but jobs may read them.
  AllowedRoots(std::vector<std::filesystem::path> roots, std::vector<std::filesystem::path> kept,
               std::vector<std::filesystem::path> kept_from_writing);

  // PermissionDenied: it leads out of the roots, or to what is kept; the message names `path` and
  // the option that would allow it.
  absl::Status CheckReading(const std::string& path) const;
  // Also refuses a file whose own name lies outside, though it's a link that leads inside: writing
  // replaces the name.
  absl::Status CheckWriting(const std::string& path) const;

 private:
  absl::Status Check(const std::string& path, const std::filesystem::path& place,
                     bool writing) const;

  const std::vector<std::filesystem::path> roots_;
  const std::vector<std::filesystem::path> kept_;
  const std::vector<std::filesystem::path> kept_from_writing_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_SCHEDULING_ALLOWED_ROOTS_H_
