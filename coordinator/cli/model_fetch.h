#ifndef STEREOFARM_COORDINATOR_CLI_MODEL_FETCH_H_
#define STEREOFARM_COORDINATOR_CLI_MODEL_FETCH_H_

#include <string>

#include "common/base/status.h"
#include "models/registry/model_folder.h"

namespace stereofarm {

// Where a mirror has what a publisher offers at `address`: the mirror's address with the path of
// the publisher's behind it. An empty mirror: the address itself.
std::string MirroredAddress(const std::string& address, const std::string& mirror);

// Downloads the published weights of a model into the folder, going on from what an earlier call
// left, and takes them once length, hash and tensors are the published file's; nothing is done when
// it's there already. `progress` is told of the download, then of the check. Errors are those of
// Download, ResourceExhausted when the disk has no room, and InvalidArgument when what came is
// another file.
absl::StatusOr<InstalledModel> FetchModel(const ModelFolder& folder, const KnownModel& model,
                                          const std::string& mirror,
                                          const ModelFolder::Progress& progress = {});

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_CLI_MODEL_FETCH_H_
