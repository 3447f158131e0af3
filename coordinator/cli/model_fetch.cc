#include "coordinator/cli/model_fetch.h"

#include <filesystem>

#include "absl/strings/str_format.h"
#include "common/base/byte_size.h"
#include "common/base/file_system.h"
#include "coordinator/cli/resumable_download.h"

namespace stereofarm {

std::string MirroredAddress(const std::string& address, const std::string& mirror) {
  if (mirror.empty()) return address;
  const size_t host = address.find("://") + 3;
  std::string base = mirror;
  while (base.ends_with('/')) base.pop_back();
  return base + address.substr(address.find('/', host));
}

absl::StatusOr<InstalledModel> FetchModel(const ModelFolder& folder, const KnownModel& model,
                                          const std::string& mirror,
                                          const ModelFolder::Progress& progress) {
  const auto there = folder.Find(model.name);
  if (there.ok() && IsPublished(model, there->sha256)) return there;
  SF_RETURN_IF_ERROR(MakeDirectories(folder.path()));
  DownloadRequest request;
  request.url = MirroredAddress(model.address, mirror);
  request.part = folder.path() / (model.name + ".part");
  request.bytes = model.bytes;
  request.progress = progress;
  const auto come = FileSize(request.part);
  SF_ASSIGN_OR_RETURN(const DiskSpace space, FreeSpace(folder.path()));
  const int64_t missing = model.bytes - (come.ok() ? *come : 0);
  if (missing > space.free) {
    return absl::ResourceExhaustedError(absl::StrFormat(
        "%s needs %s more and its disk has %s; make room, or name another folder with --models",
        folder.path().string(), BytesText(missing), BytesText(space.free)));
  }
  SF_RETURN_IF_ERROR(Download(request));
  auto taken = folder.TakePublished(model, request.part, progress);
  // What is whole and wrong doesn't get better by going on.
  if (taken.ok() || absl::IsInvalidArgument(taken.status())) DropDownload(request.part);
  if (absl::IsInvalidArgument(taken.status())) {
    return absl::InvalidArgumentError(absl::StrFormat("what %s offers was dropped: %s", request.url,
                                                      std::string(taken.status().message())));
  }
  return taken;
}

}  // namespace stereofarm
