#include "tests/sim/simulation.h"

#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"
#include "common/base/log.h"
#include "coordinator/scheduling/legal_moves.h"
#include "tests/sim/sim_coordinator.h"
#include "tests/sim/sim_worker.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

constexpr char kDepthFolder[] = "depth";

// In memory where the machine has such a folder: a simulated farm syncs a lot.
fs::path MakeFolder() {
  std::error_code error;
  const fs::path memory = "/dev/shm";
  const fs::path base = fs::is_directory(memory, error) ? memory : fs::temp_directory_path();
  std::string name = (base / "stereofarm-sim-XXXXXX").string();
  SF_CHECK(mkdtemp(name.data()) != nullptr);
  return name;
}

class Simulation {
 public:
  Simulation(uint64_t seed, Plant plant, bool verbose);
  ~Simulation();
  SimulationResult Run();

 private:
  static EngineOptions Options(World* world, const fs::path& root);

  // Again and again, after a random time of this mean.
  void Repeat(int64_t mean, std::function<void()> event);
  void RunUntil(int64_t time);
  void AddWorker();
  SimWorker* AnyWorker();
  void PlanFaults();
  void PlanPeople();
  void SpoilSomething();
  void Submit();
  void Continue();
  JobSettings NewSettings();
  std::vector<JobRecord> Jobs();
  // What keeps the job from its end.
  void LogUnfinished(const JobRecord& job);
  // In peace, until no job is unfinished or patience ends.
  void AwaitEnds(const std::string& invariant);

  const fs::path root_ = MakeFolder();
  World world_;
  SimCoordinator farm_;
  std::vector<std::unique_ptr<SimWorker>> workers_;
  int workers_at_start_ = 0;
  int classes_ = 1;
  int next_film_ = 0;
  int next_output_ = 0;
  std::vector<JobSettings> submitted_;
};

EngineOptions Simulation::Options(World* world, const fs::path& root) {
  EngineOptions options;
  options.store = root / "store";
  options.allowed = {root / "films"};
  options.lease_micros = world->Pick(std::vector<int64_t>{5, 30, 30}) * kSecond;
  options.grace_micros = world->Pick(std::vector<int64_t>{5, 60, 60}) * kSecond;
  return options;
}

Simulation::Simulation(uint64_t seed, Plant plant, bool verbose)
    : world_(seed, verbose),
      farm_(&world_, Options(&world_, root_), root_, seed, plant,
            [this](const std::string& worker, const std::string& lease_id) {
              return std::any_of(workers_.begin(), workers_.end(), [&](const auto& one) {
                return one->id() == worker && one->Believes(lease_id);
              });
            }) {
  world_.LeaveOut(root_.string());
  SF_CHECK(MakeDirectories(root_ / "films").ok());
  const fs::path depth = root_ / "films" / kDepthFolder;
  SF_CHECK(MakeDirectories(depth).ok() && WriteFileAtomically(depth / "1.exr", "depth").ok());
}

Simulation::~Simulation() {
  farm_.Close();
  RemoveTree(root_).IgnoreError();
}

void Simulation::Repeat(int64_t mean, std::function<void()> event) {
  world_.After(world_.Between(0, 2 * mean), [this, mean, event = std::move(event)] {
    if (world_.faults_over()) return;
    event();
    Repeat(mean, event);
  });
}

void Simulation::RunUntil(int64_t time) {
  while (!world_.broken() && world_.RunNext(time)) {
  }
}

void Simulation::AddWorker() {
  const auto number = static_cast<int64_t>(workers_.size());
  workers_.push_back(
      std::make_unique<SimWorker>(&world_, &farm_, absl::StrFormat("w%d", number),
                                  absl::StrFormat("class-%d", world_.Between(0, classes_ - 1))));
  workers_.back()->Start();
}

SimWorker* Simulation::AnyWorker() {
  std::vector<SimWorker*> alive;
  for (const auto& worker : workers_) {
    if (worker->alive()) alive.push_back(worker.get());
  }
  return alive.empty() ? nullptr : world_.Pick(alive);
}

JobSettings Simulation::NewSettings() {
  const bool long_film = world_.Chance(0.05);
  SimFilm film;
  film.frames = long_film ? world_.Between(500, 1100) : world_.Between(4, 60);
  for (int64_t cuts = world_.Between(0, 3); cuts > 0; --cuts) {
    film.cuts.insert(world_.Between(1, film.frames - 1));
  }
  JobSettings settings;
  settings.input = (root_ / "films" / SimFilmName(next_film_++, film)).string();
  const int outputs = world_.Chance(0.2) ? 2 : 1;
  for (int i = 0; i < outputs; ++i) {
    settings.outputs.push_back(
        {i == 0 ? Layout::kSbs : Layout::kTab,
         (root_ / "films" / absl::StrFormat("out%d.mkv", next_output_++)).string()});
  }
  settings.shard_frames =
      static_cast<int>(long_film ? world_.Between(60, 200) : world_.Between(4, 16));
  settings.overlap = static_cast<int>(world_.Between(0, 2));
  // Long shots of turned depth have a skeleton.
  if (world_.Chance(0.5)) {
    settings.depth = "exr:" + (root_ / "films" / kDepthFolder).string();
    settings.perturb_depth_seed = 1;
  }
  if (world_.Chance(0.3)) settings.seam_gate_percent = 0;
  settings.exr = world_.Chance(0.3) ? ExrMode::kAll : ExrMode::kDepth;
  settings.keep = world_.Chance(0.3);
  if (world_.Chance(0.2)) {
    settings.range = FrameRange{world_.Between(0, film.frames / 2), film.frames};
  }
  // Shots then wait for those beside them.
  if (world_.Chance(0.3)) settings.cut_jump_percent = 0.2;
  return settings;
}

void Simulation::Submit() {
  const JobSettings settings = NewSettings();
  submitted_.push_back(settings);
  farm_.Do("submit", [&](JobEngine* engine) {
    SubmitOrder order{settings, world_.Chance(0.5), false};
    order.priority = world_.Between(0, 2);
    if (world_.Chance(0.2)) order.max_workers = world_.Between(1, 3);
    if (world_.Chance(0.2)) order.tags = {"tag"};
    const auto result = engine->Submit(order);
    world_.Log("submit: " + (result.ok() ? result->job : result.status().ToString()));
  });
}

void Simulation::Continue() {
  if (submitted_.empty()) return;
  JobSettings settings = world_.Pick(submitted_);
  switch (world_.Between(0, 2)) {
    case 0:
      settings.convergence = static_cast<double>(world_.Between(1, 9)) / 10;
      break;
    case 1:
      settings.shard_frames += static_cast<int>(world_.Between(1, 3));
      break;
    default:
      break;
  }
  farm_.Do("continue", [&](JobEngine* engine) {
    const auto result = engine->Submit({settings, true, true});
    world_.Log("continue: " + (result.ok() ? result->job : result.status().ToString()));
  });
}

std::vector<JobRecord> Simulation::Jobs() {
  if (!farm_.up()) return {};
  const Mortal::Watch watch(&farm_.mortal());
  auto jobs = farm_.store()->jobs().All();
  SF_CHECK(jobs.ok());
  return *std::move(jobs);
}

void Simulation::PlanPeople() {
  Repeat(300 * kSecond, [this] { Submit(); });
  Repeat(400 * kSecond, [this] { Continue(); });
  Repeat(100 * kSecond, [this] {
    SimWorker* worker = AnyWorker();
    if (worker == nullptr) return;
    farm_.Do("drain", [&](JobEngine* engine) {
      if (world_.Chance(0.6)) {
        engine->Drain(worker->id(), world_.Chance(0.5)).IgnoreError();
      } else {
        engine->ResumeWorker(worker->id()).IgnoreError();
      }
    });
  });
  Repeat(60 * kSecond, [this] {
    farm_.Do("report", [](JobEngine* engine) {
      engine->List().IgnoreError();
      engine->Workers();
    });
  });
  Repeat(100 * kSecond, [this] {
    const std::vector<JobRecord> jobs = Jobs();
    if (jobs.empty()) return;
    const JobRecord& job = world_.Pick(jobs);
    if (IsUnfinished(job.state) && world_.Chance(0.5)) {
      farm_.Do("order", [&](JobEngine* engine) {
        if (world_.Chance(0.3)) engine->SetPriority(job.id, world_.Between(0, 2)).IgnoreError();
        (job.paused ? engine->Resume(job.id) : engine->Pause(job.id)).IgnoreError();
      });
    } else if (IsUnfinished(job.state)) {
      if (!world_.Fault("job cancelled", 0.2)) return;
      farm_.Do("cancel", [&](JobEngine* engine) { engine->Cancel(job.id).IgnoreError(); });
    } else {
      farm_.Do("retry", [&](JobEngine* engine) { engine->Retry(job.id).IgnoreError(); });
    }
  });
}

void Simulation::SpoilSomething() {
  std::vector<TaskRecord> done;
  for (const JobRecord& job : Jobs()) {
    // What a film is being joined from was checked a moment ago; nobody can look at it again.
    if (job.state == JobState::kAssembling) continue;
    const Mortal::Watch watch(&farm_.mortal());
    const auto tasks = farm_.store()->tasks().OfJob(job.id);
    if (!tasks.ok()) continue;
    for (const TaskRecord& task : *tasks) {
      if (task.published && !task.committed_directory.empty()) done.push_back(task);
    }
  }
  if (done.empty() || !world_.Fault("committed file spoilt", 0.5)) return;
  const std::string directory = world_.Pick(done).committed_directory;
  farm_.auditor().OnSpoilt(directory);
  world_.Log("spoilt: " + directory);
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(farm_.folder() / directory, error)) {
    files.push_back(entry.path());
  }
  if (files.empty()) return;
  std::sort(files.begin(), files.end());
  switch (world_.Between(0, 2)) {
    case 0:
      fs::remove_all(farm_.folder() / directory, error);
      break;
    case 1:
      fs::remove(world_.Pick(files), error);
      break;
    default:
      std::ofstream(world_.Pick(files)) << "spoilt";
  }
}

void Simulation::PlanFaults() {
  Repeat(40 * kSecond, [this] {
    if (farm_.up() && world_.Fault("coordinator dies", 0.5)) {
      farm_.DieSoon(world_.Chance(0.7) ? world_.Between(0, 60) : world_.Between(0, 2000));
    }
  });
  Repeat(20 * kSecond, [this] {
    SimWorker* worker = AnyWorker();
    if (worker != nullptr && world_.Fault("worker dies", 0.3)) {
      worker->Die();
      world_.Log(worker->id() + " dies");
      world_.After(world_.Between(0, 60 * kSecond), [this] { AddWorker(); });
    }
  });
  Repeat(60 * kSecond, [this] {
    SimWorker* worker = AnyWorker();
    if (worker != nullptr && world_.Fault("worker leaves", 0.3)) {
      world_.Log(worker->id() + " leaves");
      worker->Leave();
      world_.After(world_.Between(0, 100 * kSecond), [this] { AddWorker(); });
    }
  });
  Repeat(15 * kSecond, [this] {
    SimWorker* worker = AnyWorker();
    if (worker != nullptr && world_.Fault("partition", 0.3)) {
      worker->CutOff(world_.now() + world_.Between(kSecond, 90 * kSecond));
    }
  });
  Repeat(30 * kSecond, [this] {
    SimWorker* worker = AnyWorker();
    if (worker != nullptr && world_.Fault("worker stands still", 0.3)) {
      worker->StandStill(world_.now() + world_.Between(kSecond, 90 * kSecond));
    }
  });
  Repeat(60 * kSecond, [this] {
    if (world_.Fault("wall clock steps", 0.5)) {
      farm_.StepWallClock(world_.Between(-100'000, 100'000) * kSecond);
    }
  });
  Repeat(30 * kSecond, [this] { SpoilSomething(); });
}

void Simulation::LogUnfinished(const JobRecord& job) {
  const Mortal::Watch watch(&farm_.mortal());
  const auto tasks = farm_.store()->tasks().OfJob(job.id);
  const auto shots = farm_.store()->shots().All(job.id);
  const auto workers = farm_.store()->workers().All();
  SF_CHECK(tasks.ok() && shots.ok() && workers.ok());
  world_.Log(absl::StrFormat("%s: paused %d, at most %d workers, priority %d", job.id, job.paused,
                             job.max_workers, job.priority));
  for (const TaskRecord& task : *tasks) {
    if (!task.wanted || task.published) continue;
    world_.Log(absl::StrFormat("%s %s e%d %s, class '%s', avoids '%s', failed %d times: %s", job.id,
                               task.name, task.epoch, TaskStateName(task.state), task.numeric_class,
                               task.avoid_worker, task.failures, task.error));
  }
  for (const ShotRecord& shot : *shots) {
    world_.Log(absl::StrFormat("%s shot %d-%d, state %d, class '%s'", job.id, shot.frames.begin,
                               shot.frames.end, static_cast<int>(shot.state), shot.numeric_class));
  }
  for (const WorkerRecord& worker : *workers) {
    world_.Log(absl::StrFormat("%s of %s, state %d: %s", worker.id, worker.numeric_class,
                               static_cast<int>(worker.state), worker.reason));
  }
}

void Simulation::AwaitEnds(const std::string& invariant) {
  const int64_t patience = world_.now() + 4 * 3600 * kSecond;
  while (!world_.broken() && world_.now() < patience) {
    for (const JobRecord& job : Jobs()) {
      if (!job.paused || !IsUnfinished(job.state)) continue;
      farm_.Do("order", [&](JobEngine* engine) { engine->Resume(job.id).IgnoreError(); });
    }
    RunUntil(world_.now() + 20 * kSecond);
    const std::vector<JobRecord> jobs = Jobs();
    if (farm_.up() && std::none_of(jobs.begin(), jobs.end(),
                                   [](const JobRecord& job) { return IsUnfinished(job.state); })) {
      return;
    }
  }
  for (const JobRecord& job : Jobs()) {
    if (IsUnfinished(job.state)) {
      LogUnfinished(job);
      world_.Break(invariant, "job " + job.id + " is still " + JobStateName(job.state));
    }
  }
}

SimulationResult Simulation::Run() {
  const int64_t kind = world_.Between(0, 99);
  workers_at_start_ = static_cast<int>(kind < 70   ? world_.Between(1, 8)
                                       : kind < 98 ? world_.Between(9, 40)
                                                   : world_.Between(100, 300));
  classes_ = static_cast<int>(world_.Chance(0.7) ? 1 : world_.Between(2, 3));
  farm_.Start();
  PlanFaults();
  PlanPeople();
  for (int i = 0; i < workers_at_start_; ++i) {
    world_.After(world_.Between(0, 10 * kSecond), [this] { AddWorker(); });
  }
  for (int64_t jobs = world_.Between(1, 3); jobs > 0; --jobs) {
    world_.After(world_.Between(kSecond, 60 * kSecond), [this] { Submit(); });
  }
  RunUntil(world_.now() + world_.Between(200, 900) * kSecond);

  // Peace. A worker that's new, since the others may all be on their way to their end.
  world_.EndFaults();
  world_.Log("the faults are over");
  for (int i = 0; i < 3; ++i) AddWorker();
  AwaitEnds("every-job-ends");
  for (const JobRecord& job : Jobs()) {
    if (job.state != JobState::kFailed && job.state != JobState::kCancelled) continue;
    // A death that was on its way may still come in between.
    bool heard = false;
    while (!heard && !world_.broken()) {
      heard = farm_.Do("retry", [&](JobEngine* engine) { engine->Retry(job.id).IgnoreError(); });
      if (!heard) RunUntil(world_.now() + kSecond);
    }
  }
  AwaitEnds("every-job-ends-after-a-retry");

  SimulationResult result;
  for (const JobRecord& job : Jobs()) {
    ++result.jobs[JobStateName(job.state)];
    if (job.state == JobState::kFailed && !world_.broken()) {
      world_.Break("peace-makes-films", "job " + job.id + " failed: " + job.error);
    }
  }
  farm_.Close();
  result.steps = world_.events();
  result.faults = world_.faults();
  result.crashes = farm_.crashes();
  result.workers = static_cast<int>(workers_.size());
  result.broken = world_.broken();
  result.digest = world_.Digest();
  return result;
}

}  // namespace

int64_t SimulationResult::FaultCount() const {
  int64_t count = 0;
  for (const auto& [kind, number] : faults) count += number;
  return count;
}

SimulationResult Simulate(uint64_t seed, Plant plant, bool verbose) {
  return Simulation(seed, plant, verbose).Run();
}

}  // namespace stereofarm
