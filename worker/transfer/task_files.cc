#include "worker/transfer/task_files.h"

#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"
#include "common/base/hash.h"
#include "common/base/log.h"
#include "common/farm/depth_setting.h"
#include "common/farm/fill_window.h"
#include "proto/records.h"
#include "worker/stages/damage.h"
#include "worker/stages/depth.h"
#include "worker/transfer/remote_film.h"

namespace stereofarm {
namespace fs = std::filesystem;
namespace {

// The store's part of the scratch folder: the same layout as the store itself.
constexpr char kStoreFolder[] = "store";

std::string NameInStore(const std::string& path) { return kStoreFolder + ("/" + path); }

bool ReadsFilm(const TaskSpec& spec) {
  return spec.kind != TaskKind::kDepth || !ParseDepthSetting(spec.settings.depth).ReadsPictures();
}

// Foreign libraries don't say why they can't write. The disk does.
absl::Status NameFullDisk(const absl::Status& status, const fs::path& folder) {
  constexpr uint64_t kFull = 1 << 20;
  const bool unexplained = absl::IsInternal(status) || absl::IsDataLoss(status) ||
                           absl::IsUnknown(status) || absl::IsInvalidArgument(status);
  std::error_code error;
  const fs::space_info space = fs::space(folder, error);
  if (!unexplained || error || space.available >= kFull || !DamagedTask(status).empty()) {
    return status;
  }
  return absl::ResourceExhaustedError(absl::StrFormat("the disk of %s is full: %s", folder.string(),
                                                      std::string(status.message())));
}

// What the attempt should end with. A lease that doesn't hold any more, or whose inputs are being
// made again, is no failure of the task.
absl::Status Ending(const absl::Status& status) {
  if (!absl::IsFailedPrecondition(status)) return status;
  return absl::CancelledError(status.message());
}

}  // namespace

TaskFiles::TaskFiles(FarmFiles* farm, PathMap path_map, fs::path scratch, ModelFolder models,
                     int64_t keep_bytes, Random* random, Maker make)
    : farm_(farm),
      path_map_(std::move(path_map)),
      scratch_(std::move(scratch)),
      models_(std::move(models)),
      random_(random),
      make_(std::move(make)),
      cache_(scratch_, keep_bytes) {}

absl::StatusOr<Manifest> TaskFiles::Run(const TaskLease& lease, const fs::path& store,
                                        TaskProgress* progress) {
  AttemptTransfer transfer(farm_, lease, progress, random_);
  const fs::path here = path_map_.Here(store);
  const bool shared = IsStoreOf(lease, here, random_);
  const fs::path root = shared ? here : scratch_ / kStoreFolder;
  attempt_folder_ = root / lease.attempt_directory;
  TaskLog log(lease.log_file.empty() ? fs::path() : root / lease.log_file);
  absl::StatusOr<Manifest> manifest = RunIn(root, shared, &transfer, progress);
  if (!manifest.ok()) manifest = NameFullDisk(manifest.status(), shared ? here : scratch_);
  const TransferCount& count = transfer.count();
  if (!shared || count.read_bytes > 0) {
    log.Line(absl::StrFormat("files: %s; %d bytes came from the coordinator, %d went there",
                             shared ? "the store is shared" : "the store isn't seen from here",
                             count.read_bytes.load(), count.written_bytes.load()));
  }
  if (manifest.ok()) {
    cache_.ReleaseAll();
  } else {
    log.Line("files: " + manifest.status().ToString());
    cache_.DropHeld();
  }
  if (!shared) SendLog(&transfer);
  if (!manifest.ok()) return Ending(manifest.status());
  return manifest;
}

absl::StatusOr<Manifest> TaskFiles::RunIn(const fs::path& store, bool shared,
                                          AttemptTransfer* transfer, TaskProgress* progress) {
  const TaskLease& lease = transfer->lease();
  TaskPlace place = PlaceAsNamed(lease, store);
  if (!shared) SF_RETURN_IF_ERROR(FetchInputs(transfer));
  if (ReadsFilm(lease.spec)) SF_RETURN_IF_ERROR(FindFilm(transfer, &place));
  if (lease.spec.kind == TaskKind::kDepth) {
    SF_RETURN_IF_ERROR(FindModel(transfer, &place));
    SF_RETURN_IF_ERROR(FindDepthPictures(transfer, &place));
  }
  SF_ASSIGN_OR_RETURN(Manifest manifest, make_(lease, place, progress));
  if (!shared) SF_RETURN_IF_ERROR(SendResult(manifest, transfer));
  return manifest;
}

absl::Status TaskFiles::HoldInput(const std::string& path, AttemptTransfer* transfer) {
  return cache_.Hold(NameInStore(path), [&](const fs::path& file) {
    return transfer->Fetch({FarmFileKind::kStore, path, 0}, file);
  });
}

absl::Status TaskFiles::FetchInputs(AttemptTransfer* transfer) {
  const TaskSpec& spec = transfer->lease().spec;
  // A job that was continued may have another index under the same name.
  const FarmFile index{FarmFileKind::kStore, spec.index_file, 0};
  SF_ASSIGN_OR_RETURN(const FarmFileFacts facts, transfer->Describe(index));
  const std::string index_name = NameInStore(spec.index_file);
  if (!own_.IsSame(scratch_ / index_name, facts.fingerprint)) cache_.Drop(index_name);
  SF_RETURN_IF_ERROR(HoldInput(spec.index_file, transfer));
  for (const DepthSource& source : spec.depth) {
    std::set<std::string> names;
    const FrameRange read = source.shard.full.Intersect(FillFrames(spec.shard));
    for (int64_t frame = read.begin; frame < read.end; ++frame) names.insert(DepthFileName(frame));
    SF_RETURN_IF_ERROR(FetchFolder(
        source.task, source.directory,
        [&](const std::string& name) { return names.contains(name); }, transfer));
  }
  const auto all = [](const std::string&) { return true; };
  if (!spec.warp_directory.empty()) {
    SF_RETURN_IF_ERROR(FetchFolder(spec.warp_task, spec.warp_directory, all, transfer));
  }
  if (!spec.inpaint_directory.empty()) {
    SF_RETURN_IF_ERROR(FetchFolder(spec.inpaint_task, spec.inpaint_directory, all, transfer));
  }
  return absl::OkStatus();
}

absl::Status TaskFiles::FetchFolder(const std::string& task, const std::string& folder,
                                    const std::function<bool(const std::string&)>& wanted,
                                    AttemptTransfer* transfer) {
  const auto hold = [&](const std::string& name) {
    const absl::Status held = HoldInput(folder + "/" + name, transfer);
    const bool gone = absl::IsNotFound(held) || absl::IsInvalidArgument(held);
    return gone ? DamagedResult(task, held) : held;
  };
  SF_RETURN_IF_ERROR(hold(kCommittedFile));
  const absl::StatusOr<Manifest> manifest =
      ReadManifest(scratch_ / NameInStore(folder) / kCommittedFile);
  if (!manifest.ok()) return DamagedResult(task, manifest.status());
  for (const ManifestFile& file : manifest->files) {
    if (IsPlainName(file.name) && wanted(file.name)) SF_RETURN_IF_ERROR(hold(file.name));
  }
  return absl::OkStatus();
}

absl::Status TaskFiles::FindFilm(AttemptTransfer* transfer, TaskPlace* place) {
  const std::string& named = transfer->lease().spec.settings.input;
  SF_ASSIGN_OR_RETURN(const FarmFileFacts facts, transfer->Describe({FarmFileKind::kFilm, "", 0}));
  const fs::path here = path_map_.Here(named);
  if (own_.IsSame(here, facts.fingerprint)) {
    place->film = here;
  } else {
    place->film =
        FilmFile(named, std::make_shared<RemoteFilm>(facts.fingerprint, transfer, &cache_));
  }
  return absl::OkStatus();
}

absl::Status TaskFiles::FindModel(AttemptTransfer* transfer, TaskPlace* place) {
  const DepthSetting setting = ParseDepthSetting(place->depth);
  if (!setting.ReadsModelFile()) return absl::OkStatus();
  const FarmFile model{FarmFileKind::kModel, "", 0};
  SF_ASSIGN_OR_RETURN(const FarmFileFacts facts, transfer->Describe(model));
  fs::path file = path_map_.Here(facts.path);
  if (const auto own = models_.FindByHash(facts.sha256); own.ok()) {
    file = own->file;
  } else if (!own_.IsSame(file, facts.fingerprint)) {
    const std::string name = "models/" + facts.fingerprint.sha256;
    SF_RETURN_IF_ERROR(cache_.Hold(name, [&](const fs::path& path) -> absl::Status {
      SF_RETURN_IF_ERROR(transfer->Fetch(model, path));
      SF_ASSIGN_OR_RETURN(const std::string sha256, Sha256OfFile(path));
      if (sha256 == facts.sha256) return absl::OkStatus();
      return absl::InvalidArgumentError(absl::StrFormat(
          "%s isn't the file any more that the job began with; submit the job again", facts.path));
    }));
    file = scratch_ / name;
  }
  place->depth = DepthSetting{setting.model, file.string()}.Text();
  return absl::OkStatus();
}

absl::Status TaskFiles::FindDepthPictures(AttemptTransfer* transfer, TaskPlace* place) {
  if (!ParseDepthSetting(place->depth).ReadsPictures()) return absl::OkStatus();
  for (const int64_t frame : DepthFrames(transfer->lease().spec)) {
    const FarmFile picture{FarmFileKind::kDepthPicture, "", frame};
    SF_ASSIGN_OR_RETURN(const FarmFileFacts facts, transfer->Describe(picture));
    fs::path file = path_map_.Here(facts.path);
    if (!own_.IsSame(file, facts.fingerprint)) {
      const std::string name =
          "pictures/" + facts.fingerprint.sha256 + "/" + file.filename().string();
      SF_RETURN_IF_ERROR(
          cache_.Hold(name, [&](const fs::path& path) { return transfer->Fetch(picture, path); }));
      file = scratch_ / name;
    }
    place->depth_pictures.push_back(std::move(file));
  }
  return absl::OkStatus();
}

absl::Status TaskFiles::SendResult(const Manifest& manifest, AttemptTransfer* transfer) {
  std::vector<ManifestFile> files = manifest.files;
  SF_ASSIGN_OR_RETURN(ManifestFile last, DescribeFile(attempt_folder_, kManifestFile));
  files.push_back(std::move(last));
  for (const ManifestFile& file : files) {
    SF_RETURN_IF_ERROR(
        transfer->Send({false, file.name, file.size, file.sha256}, attempt_folder_ / file.name));
  }
  // The task that reads them next may well come here too.
  for (const ManifestFile& file : files) {
    cache_.Adopt(NameInStore(transfer->lease().attempt_directory + "/" + file.name));
  }
  return absl::OkStatus();
}

void TaskFiles::SendLog(AttemptTransfer* transfer) {
  const std::string& file = transfer->lease().log_file;
  if (file.empty()) return;
  const fs::path path = scratch_ / kStoreFolder / file;
  const absl::StatusOr<ManifestFile> facts =
      DescribeFile(path.parent_path(), path.filename().string());
  absl::Status sent = facts.status();
  if (sent.ok()) sent = transfer->Send({true, "", facts->size, facts->sha256}, path);
  if (!sent.ok()) SF_LOG(kWarning) << "the log of an attempt isn't kept: " << sent.message();
  RemoveTree(path).IgnoreError();
}

void TaskFiles::Drop(const TaskLease& lease) {
  if (!attempt_folder_.string().ends_with(lease.attempt_directory)) return;
  if (absl::Status dropped = RemoveTree(attempt_folder_); !dropped.ok()) {
    SF_LOG(kWarning) << dropped.message();
  }
}

}  // namespace stereofarm
