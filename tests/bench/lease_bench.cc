// How many tasks a coordinator can hand out and take in: the engine with its database, the same
// rows in SQLite alone, and a lease that finds nothing.
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"
#include "common/base/log.h"
#include "common/farm/stage_key.h"
#include "coordinator/scheduling/job_engine.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

constexpr char kClass[] = "class";

// Results without files: what's left is the engine and its database.
class NoFiles : public AttemptFiles {
 public:
  absl::Status Check(const std::string&, const Manifest&) override { return absl::OkStatus(); }
  absl::Status CheckPresence(const std::string&) override { return absl::OkStatus(); }
  absl::StatusOr<Manifest> ReadManifest(const std::string&, const std::string&) override {
    return absl::NotFoundError("no files");
  }
  absl::Status WriteCommitted(const std::string&, const Manifest&) override {
    return absl::OkStatus();
  }
  absl::StatusOr<std::string> Read(const std::string&) override {
    return absl::NotFoundError("no files");
  }
  absl::Status Write(const std::string&, const std::string&) override { return absl::OkStatus(); }
  absl::Status Remove(const std::string&) override { return absl::OkStatus(); }
  absl::StatusOr<std::vector<std::string>> AttemptsOf(const std::string&) override {
    return std::vector<std::string>();
  }
};

class NoFilms : public FilmAccess {
 public:
  absl::Status CheckSettings(const JobSettings&) override { return absl::OkStatus(); }
  absl::StatusOr<FilmSize> SizeOf(const JobSettings&) override { return FilmSize(); }
  absl::StatusOr<IndexedFilm> Index(const std::string&,
                                    const std::function<bool(double)>&) override {
    return absl::NotFoundError("no films");
  }
  absl::Status CheckDepthFolder(const std::string&, const IndexedFilm&,
                                const FrameRange&) override {
    return absl::OkStatus();
  }
  absl::StatusOr<std::string> Fingerprint(const std::string&) override { return std::string(); }
  std::string SegmentExtension(const std::string&) override { return "mov"; }
  absl::StatusOr<int64_t> SegmentFrames(const fs::path&) override { return 96; }
  absl::StatusOr<std::vector<std::string>> Assemble(const FilmOrder&,
                                                    const std::function<bool(double)>&) override {
    return absl::NotFoundError("no films");
  }
};

class NoBackground : public Background {
 public:
  void Run(std::function<void()>) override {}
};

// A running job of `shots` shots with one shard of 96 frames each, all ready for depth.
class BenchFarm {
 public:
  explicit BenchFarm(int shots) {
    SetMinimumLogLevel(LogLevel::kError);
    std::string name = (fs::temp_directory_path() / "lease_bench.XXXXXX").string();
    SF_CHECK(mkdtemp(name.data()) != nullptr);
    root_ = name;
    store_ = *FarmStore::Open(root_ / "farm.db");
    FarmStore::Change change(store_.get());
    JobRecord job;
    job.id = "job";
    job.state = JobState::kRunning;
    job.settings.input = "/in.mov";
    job.settings.outputs = {{Layout::kSbs, "/out.mkv"}};
    SF_CHECK(store_->jobs().Insert(job).ok());
    for (int64_t i = 0; i < shots; ++i) {
      const FrameRange frames{96 * i, 96 * (i + 1)};
      ShotRecord shot;
      shot.frames = frames;
      SF_CHECK(store_->shots().Insert("job", shot, {{frames, frames, frames}}).ok());
      TaskRecord task;
      task.job = "job";
      task.name = "depth/" + RangeName(frames);
      task.kind = TaskKind::kDepth;
      task.core = frames;
      task.shot_begin = frames.begin;
      task.state = TaskState::kReady;
      task.stage_basis = "basis";
      SF_CHECK(store_->tasks().Insert(task).ok());
    }
    SF_CHECK(change.Commit().ok());
    EngineOptions options;
    options.store = root_;
    engine_ = std::make_unique<JobEngine>(
        options,
        EngineParts{store_.get(), &files_, &films_, &background_, RealClock(), SystemRandom()});
    SF_CHECK(engine_->Start().ok());
    SF_CHECK(engine_->Register({kWorker, kWorker, "cpu", kClass, "build", {}}).ok());
  }
  ~BenchFarm() {
    engine_.reset();
    store_.reset();
    RemoveTree(root_).IgnoreError();
  }
  static constexpr char kWorker[] = "w";
  JobEngine& engine() { return *engine_; }
  FarmStore& store() { return *store_; }

 private:
  fs::path root_;
  NoFiles files_;
  NoFilms films_;
  NoBackground background_;
  std::unique_ptr<FarmStore> store_;
  std::unique_ptr<JobEngine> engine_;
};

// What a worker would say of the depth task of shot `i`, but for the attempt.
Manifest ManifestOfShot(int64_t i) {
  Manifest manifest;
  manifest.job = "job";
  manifest.task = "depth/" + RangeName({96 * i, 96 * (i + 1)});
  manifest.stage_key = StageKey("basis", kClass);
  manifest.numeric_class = kClass;
  manifest.frames = 96;
  for (int64_t frame = 96 * i; frame < 96 * (i + 1); ++frame) {
    manifest.files.push_back({absl::StrFormat("depth.%06d.exr", frame), 1000, ""});
  }
  manifest.files.push_back({"samples.bin", 1000, ""});
  return manifest;
}

// One worker that asks for a task and offers its result, again and again.
void BM_LeaseAndComplete(benchmark::State& state) {
  const int shots = static_cast<int>(state.range(0));
  BenchFarm farm(shots);
  std::vector<Manifest> manifests;
  for (int64_t i = 0; i < shots; ++i) manifests.push_back(ManifestOfShot(i));
  for (auto _ : state) {
    const auto lease = farm.engine().Lease(BenchFarm::kWorker);
    SF_CHECK(lease.ok() && lease->has_value());
    const TaskLease& held = **lease;
    Manifest& manifest = manifests[static_cast<size_t>(held.spec.shard.core.begin / 96)];
    manifest.epoch = held.epoch;
    manifest.lease_id = held.lease_id;
    SF_CHECK(farm.engine()
                 .Complete(BenchFarm::kWorker,
                           {held.spec.job, held.spec.task, held.epoch, held.lease_id}, manifest, 1)
                 .ok());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_LeaseAndComplete)->Arg(4000)->Iterations(4000)->Unit(benchmark::kMicrosecond);

// The same rows without an engine: three transactions of one row each.
void BM_RawRows(benchmark::State& state) {
  const int shots = static_cast<int>(state.range(0));
  BenchFarm farm(shots);
  FarmStore& store = farm.store();
  for (auto _ : state) {
    std::optional<TaskRecord> task;
    {
      FarmStore::Change change(&store);
      task = *store.tasks().Claim("job", {BenchFarm::kWorker, kClass, true, true}, "id");
      SF_CHECK(task && change.Commit().ok());
    }
    const AttemptRef attempt{"job", task->name, task->epoch, "id"};
    {
      FarmStore::Change change(&store);
      SF_CHECK(*store.tasks().Finish(attempt, {"key", kClass, "directory", 1}));
      SF_CHECK(change.Commit().ok());
    }
    FarmStore::Change change(&store);
    SF_CHECK(*store.tasks().Publish(attempt));
    SF_CHECK(change.Commit().ok());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_RawRows)->Arg(4000)->Iterations(4000)->Unit(benchmark::kMicrosecond);

void BM_Renew(benchmark::State& state) {
  BenchFarm farm(1);
  const auto lease = farm.engine().Lease(BenchFarm::kWorker);
  const AttemptRef attempt{"job", (*lease)->spec.task, (*lease)->epoch, (*lease)->lease_id};
  int64_t frames = 0;
  for (auto _ : state) {
    SF_CHECK(farm.engine().Renew(BenchFarm::kWorker, attempt, ++frames, 1'000'000).ok());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Renew);

// What each of a thousand idle workers costs whenever something happens.
void BM_LeaseOfNothing(benchmark::State& state) {
  BenchFarm farm(1);
  SF_CHECK(farm.engine().Pause("job").ok());
  for (auto _ : state) SF_CHECK(!farm.engine().Lease(BenchFarm::kWorker)->has_value());
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_LeaseOfNothing);

}  // namespace
}  // namespace stereofarm
