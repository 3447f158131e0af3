#include "coordinator/scheduling/allowed_roots.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>

#include <algorithm>
#include <deque>
#include <system_error>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"

namespace stereofarm {
namespace fs = std::filesystem;
namespace {

// As many as Linux follows.
constexpr int kMostLinks = 40;

// Its links say one thing and lead to another.
constexpr char kKernelsOwn[] = "/proc";

void PushFront(const std::string& path, std::deque<std::string>* names) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    if (end > begin) parts.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  names->insert(names->begin(), parts.begin(), parts.end());
}

}  // namespace

bool LiesIn(const fs::path& path, const fs::path& folder) {
  const auto [end, rest] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  return end == folder.end();
}

absl::StatusOr<fs::path> WhereItLeads(const std::string& path) {
  if (path.empty()) return absl::InvalidArgumentError("a path is empty; name the file");
  if (path.find('\0') != std::string::npos) {
    return absl::InvalidArgumentError("a path has a byte 0 in it; no file can be called so");
  }
  if (path[0] != '/') {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s: the farm takes absolute paths only", path));
  }
  if (path.size() >= PATH_MAX) {
    return absl::InvalidArgumentError(
        absl::StrFormat("a path has %d bytes; at most %d can be opened", path.size(), PATH_MAX));
  }
  std::deque<std::string> names;
  PushFront(path, &names);
  fs::path place = "/";
  bool exists = true;
  int links = 0;
  while (!names.empty()) {
    const std::string name = std::move(names.front());
    names.pop_front();
    if (name == ".") continue;
    if (name == "..") {
      if (!exists) {
        return absl::InvalidArgumentError(absl::StrFormat(
            "%s goes up again below %s, which isn't there; write the path without '..'", path,
            place.string()));
      }
      place = place.parent_path();
      continue;
    }
    const fs::path next = place / name;
    struct stat info = {};
    if (exists && lstat(next.c_str(), &info) != 0) {
      if (errno != ENOENT && errno != ENOTDIR) {
        return ErrnoStatus(errno, "cannot look at " + next.string());
      }
      exists = false;
    }
    if (!exists || !S_ISLNK(info.st_mode)) {
      place = next;
      continue;
    }
    if (LiesIn(place, kKernelsOwn)) {
      return absl::PermissionDeniedError(absl::StrFormat(
          "%s leads through %s; name the file by its own path", path, next.string()));
    }
    if (++links > kMostLinks) {
      return absl::InvalidArgumentError(
          absl::StrFormat("%s: too many links lead from one to the next", path));
    }
    std::error_code error;
    const fs::path target = fs::read_symlink(next, error);
    if (error) return ErrnoStatus(error.value(), "cannot read the link " + next.string());
    if (target.is_absolute()) place = "/";
    PushFront(target.string(), &names);
  }
  return place;
}

AllowedRoots::AllowedRoots(std::vector<fs::path> roots, std::vector<fs::path> kept,
                           std::vector<fs::path> kept_from_writing)
    : roots_(std::move(roots)),
      kept_(std::move(kept)),
      kept_from_writing_(std::move(kept_from_writing)) {}

absl::Status AllowedRoots::Check(const std::string& path, const fs::path& place,
                                 bool writing) const {
  const auto lies_in_any = [&place](const std::vector<fs::path>& folders) {
    return std::any_of(folders.begin(), folders.end(), [&place](const fs::path& folder) {
      const absl::StatusOr<fs::path> found = WhereItLeads(folder.string());
      return found.ok() && LiesIn(place, *found);
    });
  };
  if (!lies_in_any(roots_)) {
    return absl::PermissionDeniedError(absl::StrFormat(
        "%s lies in none of the folders that this farm may touch; start stereofarm-coordinator "
        "with --allow %s",
        path, place.parent_path().string()));
  }
  if (lies_in_any(kept_) || (writing && lies_in_any(kept_from_writing_))) {
    return absl::PermissionDeniedError(
        absl::StrFormat("%s is the farm's own; choose another file", path));
  }
  return absl::OkStatus();
}

absl::Status AllowedRoots::CheckReading(const std::string& path) const {
  SF_ASSIGN_OR_RETURN(const fs::path place, WhereItLeads(path));
  return Check(path, place, /*writing=*/false);
}

absl::Status AllowedRoots::CheckWriting(const std::string& path) const {
  SF_ASSIGN_OR_RETURN(const fs::path place, WhereItLeads(path));
  SF_RETURN_IF_ERROR(Check(path, place, /*writing=*/true));
  const fs::path name = fs::path(path).filename();
  if (name.empty() || name == "." || name == "..") {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s is a folder; name the film to write", path));
  }
  SF_ASSIGN_OR_RETURN(const fs::path folder, WhereItLeads(fs::path(path).parent_path().string()));
  return Check(path, folder / name, /*writing=*/true);
}

}  // namespace stereofarm
