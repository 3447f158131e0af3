#ifndef STEREOFARM_WORKER_TRANSFER_PATH_MAP_H_
#define STEREOFARM_WORKER_TRANSFER_PATH_MAP_H_

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "common/base/status.h"

namespace stereofarm {

// Where this machine sees the folders that the coordinator names.
class PathMap {
 public:
  // Each entry "A=B": what is A on the coordinator's machine is B here; both absolute.
  // InvalidArgument says what is wrong with the first that isn't like that.
  static absl::StatusOr<PathMap> Parse(const std::vector<std::string>& entries);

  // `path` as this machine sees it: by the longest entry whose folder it is or lies in, else as it
  // is.
  std::filesystem::path Here(const std::filesystem::path& path) const;

 private:
  std::vector<std::pair<std::filesystem::path, std::filesystem::path>> entries_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_WORKER_TRANSFER_PATH_MAP_H_
