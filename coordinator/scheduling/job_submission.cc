// JobEngine: what people ask for.
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "absl/strings/str_format.h"
#include "common/farm/depth_setting.h"
#include "common/farm/stage_key.h"
#include "coordinator/planning/depth_model.h"
#include "coordinator/scheduling/job_engine.h"
#include "coordinator/scheduling/legal_moves.h"

namespace stereofarm {
namespace fs = std::filesystem;
namespace {

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

absl::Status CheckAbsolute(const std::string& file) {
  if (fs::path(file).is_absolute()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrFormat("%s: the farm takes absolute paths only", file));
}

// That `product` can be written beside what else lies in its folder.
absl::Status CheckFolderOf(const std::string& product) {
  const fs::path folder = fs::path(product).parent_path();
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s: the folder %s isn't there; create it or choose another output",
                        product, folder.string()));
  }
  if (access(folder.c_str(), W_OK | X_OK) != 0) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s: no permission to write into the folder %s; choose another output",
                        product, folder.string()));
  }
  return absl::OkStatus();
}

absl::Status CheckPlaces(const JobSettings& settings) {
  for (const OutputSpec& output : settings.outputs) {
    SF_RETURN_IF_ERROR(CheckFolderOf(output.file));
    std::error_code error;
    if (fs::is_directory(output.file, error)) {
      return absl::InvalidArgumentError(
          absl::StrFormat("%s is a folder; name the film to write", output.file));
    }
  }
  for (const ExportSpec& each : settings.exports) {
    SF_RETURN_IF_ERROR(CheckFolderOf(each.folder));
  }
  return absl::OkStatus();
}

// All that the job writes: films, and folders of depth.
std::vector<std::string> ProductsOf(const JobSettings& settings) {
  std::vector<std::string> products;
  for (const OutputSpec& output : settings.outputs) products.push_back(output.file);
  for (const ExportSpec& each : settings.exports) products.push_back(each.folder);
  return products;
}

// Those that are there; an empty folder is none.
std::vector<std::string> ExistingProducts(const JobSettings& settings) {
  std::vector<std::string> existing;
  for (const std::string& product : ProductsOf(settings)) {
    std::error_code error;
    const bool empty = fs::is_directory(product, error) && fs::is_empty(product, error);
    if (fs::exists(product, error) && !empty) existing.push_back(product);
  }
  return existing;
}

}  // namespace

absl::Status JobEngine::CheckAllowed(const JobSettings& settings) const {
  std::vector<std::string> read = {settings.input};
  // The farm's own models may be used by everybody.
  const fs::path depth = ParseDepthSetting(settings.depth).path;
  const bool own = !options_.models.empty() && depth.parent_path() == options_.models;
  if (!depth.empty() && !own) read.push_back(depth.string());
  for (const std::string& file : read) {
    SF_RETURN_IF_ERROR(options_.is_private ? CheckAbsolute(file) : roots_.CheckReading(file));
  }
  for (const std::string& product : ProductsOf(settings)) {
    SF_RETURN_IF_ERROR(options_.is_private ? CheckAbsolute(product) : roots_.CheckWriting(product));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const IndexedFilm>> JobEngine::IndexForSubmit(
    const JobSettings& settings) {
  SF_ASSIGN_OR_RETURN(IndexedFilm film, parts_.films->Index(settings.input, [this](double) {
    return !stopping_.load();
  }));
  return std::make_shared<const IndexedFilm>(std::move(film));
}

absl::StatusOr<std::optional<JobRecord>> JobEngine::WriterOf(const JobSettings& settings,
                                                             const std::string& but) {
  const std::vector<std::string> products = ProductsOf(settings);
  SF_ASSIGN_OR_RETURN(const std::vector<JobRecord> jobs, store_->jobs().All());
  for (const JobRecord& job : jobs) {
    if (job.id == but || !IsUnfinished(job.state)) continue;
    for (const std::string& product : ProductsOf(job.settings)) {
      if (Contains(products, product)) return job;
    }
  }
  return std::nullopt;
}

absl::StatusOr<DiskNeed> JobEngine::CheckDiskNeed(const SubmitOrder& order, const IndexedFilm* film,
                                                  bool is_new) {
  const JobSettings& settings = order.settings;
  SF_ASSIGN_OR_RETURN(FilmSize size, parts_.films->SizeOf(settings));
  if (film != nullptr) size.frames = film->frames;
  int64_t workers = order.workers_to_come;
  if (workers <= 0) {
    absl::MutexLock lock(&mutex_);
    workers = std::max<int64_t>(1, static_cast<int64_t>(workers_.All().size()));
  }
  if (order.max_workers > 0) workers = std::min(workers, order.max_workers);
  DiskNeed need = DiskNeedOf(settings, size, workers);
  // Who knows what of an earlier run lies there already?
  if (!is_new || order.no_space_check || parts_.disks == nullptr) return need;
  std::vector<RoomWanted> wanted = {{options_.store, need.store_least}};
  for (size_t i = 0; i < need.outputs.size(); ++i) {
    wanted.push_back({fs::path(settings.outputs[i].file).parent_path(), need.outputs[i]});
  }
  for (size_t i = 0; i < need.exports.size(); ++i) {
    wanted.push_back({fs::path(settings.exports[i].folder).parent_path(), need.exports[i]});
  }
  SF_RETURN_IF_ERROR(parts_.disks->CheckRoom(wanted));
  return need;
}

absl::StatusOr<SubmitResult> JobEngine::Submit(const SubmitOrder& asked) {
  SF_RETURN_IF_ERROR(ValidateSettings(asked.settings));
  SubmitOrder order = asked;
  SF_ASSIGN_OR_RETURN(order.settings.depth,
                      DepthWithWeights(asked.settings.depth, options_.models));
  const JobSettings& settings = order.settings;
  SF_RETURN_IF_ERROR(CheckAllowed(settings));
  SF_RETURN_IF_ERROR(CheckPlaces(settings));
  SF_RETURN_IF_ERROR(parts_.films->CheckSettings(settings));

  const auto find_existing =
      [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) -> absl::StatusOr<std::optional<JobRecord>> {
    std::optional<JobRecord> existing;
    if (order.continue_existing) {
      SF_ASSIGN_OR_RETURN(existing, store_->jobs().NewestWithOutput(settings.outputs.front().file));
    }
    SF_ASSIGN_OR_RETURN(const std::optional<JobRecord> writer,
                        WriterOf(settings, existing ? existing->id : ""));
    if (writer) {
      return absl::AlreadyExistsError(
          absl::StrFormat("job %s is already writing %s; cancel it or choose another output",
                          writer->id, settings.outputs.front().file));
    }
    return existing;
  };
  SubmitResult result;
  {
    absl::MutexLock lock(&mutex_);
    SF_ASSIGN_OR_RETURN(const std::optional<JobRecord> existing, find_existing());
    if (existing) result.job = existing->id;
  }

  std::shared_ptr<const IndexedFilm> film;
  const std::vector<std::string> existing_products = ExistingProducts(settings);
  if (order.replace) {
    // No folder of somebody else's goes.
    for (const ExportSpec& each : settings.exports) {
      if (!Contains(existing_products, each.folder)) continue;
      const absl::StatusOr<std::string> fingerprint = parts_.films->Fingerprint(each.folder);
      if (fingerprint.ok() && !fingerprint->empty()) continue;
      return absl::AlreadyExistsError(absl::StrFormat(
          "%s is a folder that no export has written; choose another name", each.folder));
    }
  } else if (!existing_products.empty()) {
    std::string own;  // fingerprint of this very job's products
    for (const std::string& product : existing_products) {
      const absl::StatusOr<std::string> fingerprint = parts_.films->Fingerprint(product);
      if (fingerprint.ok() && !fingerprint->empty()) {
        if (own.empty()) {
          SF_ASSIGN_OR_RETURN(film, IndexForSubmit(settings));
          SF_ASSIGN_OR_RETURN(const std::string model_files, HashModelFiles(settings.depth));
          own = JobFingerprint(settings, film->source_identity, model_files);
        }
        if (*fingerprint == own) continue;
      }
      return absl::AlreadyExistsError(
          absl::StrFormat("%s exists; choose another name, or replace it with --yes", product));
    }
    // What is missing is made.
    if (existing_products.size() == ProductsOf(settings).size()) {
      result.already_done = true;
      return result;
    }
  }
  // What needs the whole film is checked here too, since the answer is the user's own mistake.
  const DepthSetting depth = ParseDepthSetting(settings.depth);
  if (!film && (settings.range || depth.ReadsPictures())) {
    SF_ASSIGN_OR_RETURN(film, IndexForSubmit(settings));
  }
  if (settings.range && settings.range->begin >= film->frames) {
    return absl::InvalidArgumentError(
        absl::StrFormat("--range: the film has %d frames, the range begins at %d", film->frames,
                        settings.range->begin));
  }
  if (depth.ReadsPictures()) {
    const FrameRange whole{0, film->frames};
    SF_RETURN_IF_ERROR(parts_.films->CheckDepthFolder(
        depth.path, *film, settings.range ? settings.range->Intersect(whole) : whole));
  } else {
    SF_RETURN_IF_ERROR(CheckDepthModel(settings.depth));
  }

  SF_ASSIGN_OR_RETURN(result.need, CheckDiskNeed(order, film.get(), /*is_new=*/result.job.empty()));

  SF_RETURN_IF_ERROR(Change([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) -> absl::Status {
    SF_ASSIGN_OR_RETURN(const std::optional<JobRecord> existing, find_existing());
    if (existing) {
      result.job = existing->id;
      JobRecord job = *existing;
      // Another `convert` in the same folder set it aside.
      if (!options_.only_output.empty()) job.paused = false;
      SF_RETURN_IF_ERROR(flow_.Continue(std::move(job), settings, order.replace));
    } else {
      JobRecord job;
      job.id = parts_.random->Hex(8);
      job.settings = settings;
      job.replace = order.replace;
      job.priority = order.priority;
      job.max_workers = order.max_workers;
      job.tags = order.tags;
      job.owner = order.owner;
      job.created_micros = parts_.clock->WallMicros();
      job.started_micros = job.created_micros;
      SF_RETURN_IF_ERROR(store_->jobs().Insert(job));
      SF_RETURN_IF_ERROR(flow_.Resume(job));
      result.job = job.id;
    }
    runs_[result.job].film = film;
    return absl::OkStatus();
  }));
  return result;
}

absl::StatusOr<std::vector<JobReport>> JobEngine::List() {
  absl::MutexLock lock(&mutex_);
  SF_ASSIGN_OR_RETURN(const std::vector<JobRecord> jobs, store_->jobs().All());
  std::vector<JobReport> reports;
  for (const JobRecord& job : jobs) {
    const JobRun& run = runs_[job.id];
    SF_ASSIGN_OR_RETURN(JobReport report,
                        ReportJob(store_, leases_, job, run.index_share, run.assembly_share,
                                  parts_.clock->WallMicros(), /*detail=*/false));
    SF_ASSIGN_OR_RETURN(report.hold, HoldOf(report));
    reports.push_back(std::move(report));
  }
  return reports;
}

absl::StatusOr<JobReport> JobEngine::Report(const std::string& id, bool detail) {
  absl::MutexLock lock(&mutex_);
  SF_ASSIGN_OR_RETURN(const std::optional<JobRecord> job, store_->jobs().Get(id));
  if (!job) return absl::NotFoundError(absl::StrFormat("there is no job '%s'", id));
  const JobRun& run = runs_[id];
  SF_ASSIGN_OR_RETURN(JobReport report,
                      ReportJob(store_, leases_, *job, run.index_share, run.assembly_share,
                                parts_.clock->WallMicros(), detail));
  SF_ASSIGN_OR_RETURN(report.hold, HoldOf(report));
  return report;
}

absl::StatusOr<std::string> JobEngine::OwnerOf(const std::string& id) {
  absl::MutexLock lock(&mutex_);
  SF_ASSIGN_OR_RETURN(const std::optional<JobRecord> job, store_->jobs().Get(id));
  if (!job) return absl::NotFoundError(absl::StrFormat("there is no job '%s'", id));
  return job->owner;
}

absl::Status JobEngine::Cancel(const std::string& job) {
  return Change([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) -> absl::Status {
    SF_RETURN_IF_ERROR(flow_.Cancel(job));
    ++runs_[job].generation;
    return absl::OkStatus();
  });
}

absl::Status JobEngine::Retry(const std::string& id) {
  return Change([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) -> absl::Status {
    SF_ASSIGN_OR_RETURN(const std::optional<JobRecord> job, store_->jobs().Get(id));
    if (!job) return absl::NotFoundError(absl::StrFormat("there is no job '%s'", id));
    if (IsUnfinished(job->state)) return absl::OkStatus();
    if (job->state == JobState::kDone) {
      return absl::FailedPreconditionError(
          absl::StrFormat("job %s is done; submit it again to make the film anew", id));
    }
    SF_ASSIGN_OR_RETURN(const std::optional<JobRecord> writer, WriterOf(job->settings, id));
    if (writer) {
      return absl::AlreadyExistsError(
          absl::StrFormat("job %s is writing the same film now", writer->id));
    }
    return flow_.Continue(*job, job->settings, job->replace);
  });
}

uint64_t JobEngine::AwaitChange(uint64_t seen, absl::Duration timeout) {
  absl::MutexLock lock(&mutex_);
  const auto changed = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return changes_ > seen || !watching_;
  };
  mutex_.AwaitWithTimeout(absl::Condition(&changed), timeout);
  return changes_;
}

void JobEngine::StopWatching() {
  absl::MutexLock lock(&mutex_);
  watching_ = false;
}

}  // namespace stereofarm
