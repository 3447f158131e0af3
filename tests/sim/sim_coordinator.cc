#include "tests/sim/sim_coordinator.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"
#include "common/base/log.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kPoll = 20 * kSecond;
// Calls of the engine within each other: more than the coordinator has threads for is no use.
constexpr int kMostMeanwhiles = 3;
// Of a disk, for the engine.
constexpr int64_t kMinFree = 1'000'000'000;

void CopyIfThere(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::copy_file(from, to, error);
}

}  // namespace

int64_t SimCoordinator::ClockHere::WallMicros() {
  return owner_->world_->now() + owner_->wall_offset_;
}
int64_t SimCoordinator::ClockHere::MonotonicMicros() {
  return owner_->world_->now() + owner_->clock_offset_;
}

void SimCoordinator::Chores::Run(std::function<void()> work) {
  SimCoordinator* const here = owner_;
  if (here->plant_ == Plant::kChoreForgotten && here->world_->Chance(0.03)) return;
  const int64_t delay = here->world_->Fault("slow chore", 0.1)
                            ? here->world_->Between(0, 60 * kSecond)
                            : here->world_->Between(0, 50 * kMillisecond);
  here->world_->After(delay, [here, process = here->process_, work = std::move(work)] {
    if (process != here->process_) return;
    here->Do("chore", [&](JobEngine*) { work(); });
  });
}

SimCoordinator::SimCoordinator(World* world, EngineOptions options, fs::path root, uint64_t seed,
                               Plant plant,
                               std::function<bool(const std::string&, const std::string&)> believes)
    : world_(world),
      options_(std::move(options)),
      root_(std::move(root)),
      plant_(plant),
      random_(SeededRandom(seed ^ 0x5eedULL)),
      files_(options_.store, world, &mortal_, plant, [this] { Meanwhile(); }),
      films_(world, &mortal_, [this] { Meanwhile(); }),
      disks_({options_.store}, kMinFree, [this](const fs::path&) { return Room(); }),
      auditor_(world, &files_, options_.store, std::move(believes)) {
  SF_CHECK(MakeDirectories(options_.store).ok());
  SF_CHECK(MakeDirectories(Database().parent_path()).ok());
}

SimCoordinator::~SimCoordinator() {
  engine_.reset();
  store_.reset();
}

fs::path SimCoordinator::Database() const {
  return root_ / absl::StrFormat("db%d", crashes_) / "farm.db";
}

DiskSpace SimCoordinator::Room() {
  if (world_->Fault("a disk that's full", 0.01)) return {kMinFree / 2, 100 * kMinFree};
  if (world_->Fault("a disk that's nearly full", 0.1)) return {kMinFree * 3 / 2, 100 * kMinFree};
  return {50 * kMinFree, 100 * kMinFree};
}

void SimCoordinator::Start() {
  if (world_->broken()) return;
  mortal_.Revive();
  // A machine that was started anew counts from somewhere else.
  clock_offset_ = world_->Between(0, 1000) * kSecond - (world_->Chance(0.5) ? 0 : world_->now());
  if (world_->Fault("death while starting", 0.3)) mortal_.Arm(world_->Between(0, 150));
  world_->Log("coordinator starts");
  absl::StatusOr<std::unique_ptr<FarmStore>> store =
      FarmStore::Open(Database(), [this](const char* sql) { return mortal_.Statement(sql); });
  if (store.ok()) {
    store_ = *std::move(store);
    audited_commits_ = -1;
    calls_.push_back("death");
    Audit();
    calls_.pop_back();
    engine_ = std::make_unique<JobEngine>(
        options_,
        EngineParts{store_.get(), &files_, &films_, &chores_, &clock_, random_.get(), &disks_});
    engine_->OnWorkReady([this, process = process_] {
      world_->After(0, [this, process] {
        if (process == process_) ServeParked();
      });
    });
  } else if (!mortal_.dead()) {
    return world_->Break("starts-again", store.status().ToString());
  }
  if (engine_ == nullptr) return Bury();
  Do("start", [&](JobEngine* engine) {
    const absl::Status status = engine->Start();
    if (!status.ok() && !mortal_.dead()) world_->Break("starts-again", status.ToString());
  });
  if (engine_ != nullptr) TickEverySecond(process_);
}

void SimCoordinator::TickEverySecond(int64_t process) {
  world_->After(kSecond, [this, process] {
    if (process != process_) return;
    Do(kTick, [](JobEngine* engine) { engine->Tick(); });
    TickEverySecond(process);
  });
}

void SimCoordinator::DieSoon(int64_t steps) { mortal_.Arm(steps); }

void SimCoordinator::Audit() {
  if (store_ == nullptr || mortal_.dead() || audited_commits_ == mortal_.commits()) return;
  audited_commits_ = mortal_.commits();
  const Mortal::Watch watch(&mortal_);
  auditor_.LookAt(store_.get(), calls_.back());
}

bool SimCoordinator::Do(const std::string& name, const std::function<void(JobEngine*)>& call) {
  if (!up() || world_->broken()) return false;
  // What the call around this one has done so far is its own doing.
  if (!calls_.empty()) Audit();
  calls_.push_back(name);
  call(engine_.get());
  Audit();
  calls_.pop_back();
  const bool answered = !mortal_.dead();
  if (calls_.empty() && mortal_.dead()) Bury();
  return answered;
}

void SimCoordinator::Meanwhile() {
  if (meanwhiles_ >= kMostMeanwhiles || mortal_.dead() || world_->broken()) return;
  if (!world_->Fault("others act meanwhile", 0.05)) return;
  ++meanwhiles_;
  const int64_t until = world_->now() + (world_->Chance(0.1) ? world_->Between(0, 60 * kSecond)
                                                             : world_->Between(0, 2 * kSecond));
  while (!mortal_.dead() && !world_->broken() && world_->RunNext(until)) {
  }
  --meanwhiles_;
}

void SimCoordinator::Bury() {
  world_->Log("coordinator died");
  const fs::path before = Database();
  ++crashes_;
  ++process_;
  SF_CHECK(MakeDirectories(Database().parent_path()).ok());
  CopyIfThere(before, Database());
  CopyIfThere(before.string() + "-wal", Database().string() + "-wal");
  engine_.reset();
  store_.reset();
  SF_CHECK(RemoveTree(before.parent_path()).ok());
  for (Parked& parked : std::exchange(parked_, {})) parked.answer(std::nullopt);
  for (auto& [report, answer] : std::exchange(reports_, {})) answer(std::nullopt);
  const int64_t away =
      world_->Chance(0.2) ? world_->Between(0, 200 * kSecond) : world_->Between(0, 5 * kSecond);
  world_->After(away, [this] { Start(); });
}

std::optional<std::vector<JobEngine::LeaseAnswer>> SimCoordinator::LeaseNow(
    const std::vector<std::string>& workers) {
  std::vector<JobEngine::LeaseAnswer> leases;
  const bool answered = Do("lease", [&](JobEngine* engine) {
    leases = engine->LeaseAll(workers);
    for (size_t i = 0; i < workers.size(); ++i) {
      if (mortal_.dead() || !leases[i].ok() || !leases[i]->has_value()) continue;
      const Mortal::Watch watch(&mortal_);
      auditor_.OnLent(store_.get(), workers[i], **leases[i]);
    }
  });
  if (!answered) return std::nullopt;
  return leases;
}

void SimCoordinator::Lease(const std::string& worker, LeaseAnswer answer) {
  auto leases = LeaseNow({worker});
  if (!leases) return answer(std::nullopt);
  JobEngine::LeaseAnswer& lease = leases->front();
  if (!lease.ok() || lease->has_value()) return answer(std::move(lease));
  parked_.push_back({worker, world_->now() + kPoll, std::move(answer)});
  world_->After(kPoll, [this, process = process_] {
    if (process == process_) ServeParked();
  });
}

void SimCoordinator::ServeParked() {
  if (serving_) return;
  serving_ = true;
  bool any_ready = false;
  Do("lease", [&](JobEngine* engine) { any_ready = engine->AnyTaskReady(); });
  std::vector<Parked> asking;
  std::vector<std::string> workers;
  for (Parked& parked : std::exchange(parked_, {})) {
    if (any_ready || parked.until <= world_->now()) {
      workers.push_back(parked.worker);
      asking.push_back(std::move(parked));
    } else {
      parked_.push_back(std::move(parked));
    }
  }
  auto leases = LeaseNow(workers);
  for (size_t i = 0; i < asking.size(); ++i) {
    if (!leases) {
      asking[i].answer(std::nullopt);
      continue;
    }
    JobEngine::LeaseAnswer& lease = (*leases)[i];
    if (asking[i].until <= world_->now() || !lease.ok() || lease->has_value()) {
      asking[i].answer(std::move(lease));
    } else {
      parked_.push_back(std::move(asking[i]));
    }
  }
  serving_ = false;
}

std::optional<absl::StatusOr<int64_t>> SimCoordinator::Renew(const std::string& worker,
                                                             const AttemptRef& attempt,
                                                             int64_t frames) {
  absl::StatusOr<int64_t> micros;
  if (!Do("renew",
          [&](JobEngine* engine) { micros = engine->Renew(worker, attempt, frames, 1000); })) {
    return std::nullopt;
  }
  if (micros.ok() && plant_ == Plant::kLeaseToldTooLong) *micros *= 3;
  return micros;
}

void SimCoordinator::Complete(const std::string& worker, AttemptRef attempt, Manifest manifest,
                              ReportAnswer answer) {
  std::string reporter = worker;
  if (plant_ == Plant::kEpochCheckOff && up()) {
    const Mortal::Watch watch(&mortal_);
    const auto row = store_->tasks().Get(attempt.job, attempt.task);
    if (row.ok() && *row && (*row)->state == TaskState::kLeased &&
        (*row)->lease_id != attempt.lease_id) {
      const fs::path from = options_.store / AttemptDirectory(attempt.job, attempt.task,
                                                              attempt.epoch, attempt.lease_id);
      attempt.epoch = manifest.epoch = (*row)->epoch;
      attempt.lease_id = manifest.lease_id = (*row)->lease_id;
      reporter = (*row)->worker;
      const fs::path to = options_.store / AttemptDirectory(attempt.job, attempt.task,
                                                            attempt.epoch, attempt.lease_id);
      std::error_code error;
      fs::create_directories(to, error);
      fs::copy(from, to, fs::copy_options::overwrite_existing, error);
    }
  }
  if (plant_ == Plant::kReportNotPersisted && up() && world_->Chance(0.2)) {
    world_->After(world_->Between(0, 3 * kSecond),
                  [this, process = process_, reporter, attempt, manifest] {
                    if (process != process_) return;
                    Do("complete", [&](JobEngine* engine) {
                      engine->Complete(reporter, attempt, manifest, 1).IgnoreError();
                    });
                  });
    return answer(absl::OkStatus());
  }
  if (!up() || world_->broken()) return answer(std::nullopt);
  reports_.push_back({{reporter, attempt, manifest, 1}, std::move(answer)});
  if (reports_.size() > 1) return;
  world_->After(world_->Between(0, 200 * kMillisecond), [this, process = process_] {
    if (process == process_) TakeReports();
  });
}

void SimCoordinator::TakeReports() {
  const auto together = std::exchange(reports_, {});
  std::vector<TaskReport> reports;
  for (const auto& [report, answer] : together) reports.push_back(report);
  std::vector<absl::Status> statuses;
  const bool answered =
      Do("complete", [&](JobEngine* engine) { statuses = engine->CompleteAll(reports); });
  for (size_t i = 0; i < together.size(); ++i) {
    together[i].second(answered ? std::optional(statuses[i]) : std::nullopt);
  }
}

void SimCoordinator::Close() {
  engine_.reset();
  store_.reset();
  ++process_;
  if (!world_->broken()) auditor_.LookAtFile(Database());
}

}  // namespace stereofarm
