#ifndef STEREOFARM_COORDINATOR_CLI_RESUMABLE_DOWNLOAD_H_
#define STEREOFARM_COORDINATOR_CLI_RESUMABLE_DOWNLOAD_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "common/base/status.h"

namespace stereofarm {

struct DownloadRequest {
  std::string url;  // http or https
  // What has come; stays when the download fails, and the next one goes on from there if the file
  // at the URL is still the same. A small file beside it, PART.from, says what it's a part of.
  std::filesystem::path part;
  int64_t bytes = 0;  // that the whole must have; 0: unknown
  // Told now and then; `total` is 0 where it's unknown.
  std::function<void(int64_t done, int64_t total)> progress;
};

// Brings the whole file to `part` and flushes it to the disk. Proxies are taken from the
// environment as curl does (https_proxy, ALL_PROXY, NO_PROXY). Unavailable when the network or the
// server fails on the way: again later, and it goes on; NotFound and PermissionDenied as the server
// says; InvalidArgument for a URL that is none and for a file of another length;
// FailedPrecondition while another process downloads to the same place; ResourceExhausted when the
// disk is full.
absl::Status Download(const DownloadRequest& request);

// Removes what has come.
void DropDownload(const std::filesystem::path& part);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_CLI_RESUMABLE_DOWNLOAD_H_
