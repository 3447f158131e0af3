#ifndef STEREOFARM_TESTS_SIM_SIM_COORDINATOR_H_
#define STEREOFARM_TESTS_SIM_SIM_COORDINATOR_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/random.h"
#include "coordinator/scheduling/background.h"
#include "coordinator/scheduling/job_engine.h"
#include "coordinator/store/farm_store.h"
#include "tests/sim/auditor.h"
#include "tests/sim/mortal.h"
#include "tests/sim/mortal_files.h"
#include "tests/sim/sim_films.h"
#include "tests/sim/world.h"

namespace stereofarm {

// A coordinator process: the true engine on a true database and true files. It dies between any two
// of its steps, with the files as they are at that moment, and starts again later.
class SimCoordinator {
 public:
  // `believes`: see Auditor. `options.store` is made.
  SimCoordinator(
      World* world, EngineOptions options, std::filesystem::path root, uint64_t seed, Plant plant,
      std::function<bool(const std::string& worker, const std::string& lease_id)> believes);
  ~SimCoordinator();

  void Start();
  bool up() const { return engine_ != nullptr && !mortal_.dead(); }
  // The process dies somewhere in its next `steps` steps.
  void DieSoon(int64_t steps);
  // The clock on the coordinator's wall is put forward or back.
  void StepWallClock(int64_t micros) { wall_offset_ += micros; }

  // Lets the engine do `call` and looks at what it did. False: nobody is there, or the process died
  // on the way, so that the caller gets no answer.
  bool Do(const std::string& name, const std::function<void(JobEngine*)>& call);

  // The calls of the service, as they come in. nullopt: no answer.
  using LeaseAnswer = std::function<void(std::optional<absl::StatusOr<std::optional<TaskLease>>>)>;
  // Answers once there's a task, after 20 s, or when the process dies.
  void Lease(const std::string& worker, LeaseAnswer answer);
  std::optional<absl::StatusOr<int64_t>> Renew(const std::string& worker, const AttemptRef& attempt,
                                               int64_t frames);
  using ReportAnswer = std::function<void(const std::optional<absl::Status>&)>;
  // Taken in a little later, with what other workers report meanwhile.
  void Complete(const std::string& worker, AttemptRef attempt, Manifest manifest,
                ReportAnswer answer);

  Auditor& auditor() { return auditor_; }
  // To read only.
  FarmStore* store() { return store_.get(); }
  Mortal& mortal() { return mortal_; }
  const std::filesystem::path& folder() const { return options_.store; }
  int crashes() const { return crashes_; }
  // Looks at the database file once more; ends the process for good.
  void Close();

 private:
  class ClockHere : public Clock {
   public:
    explicit ClockHere(SimCoordinator* owner) : owner_(owner) {}
    int64_t WallMicros() override;
    int64_t MonotonicMicros() override;

   private:
    SimCoordinator* const owner_;
  };
  class Chores : public Background {
   public:
    explicit Chores(SimCoordinator* owner) : owner_(owner) {}
    void Run(std::function<void()> work) override;

   private:
    SimCoordinator* const owner_;
  };
  struct Parked {
    std::string worker;
    int64_t until = 0;
    LeaseAnswer answer;
  };

  std::filesystem::path Database() const;
  DiskSpace Room();
  void Audit();
  // Others act while an operation of the engine lasts.
  void Meanwhile();
  void TickEverySecond(int64_t process);
  // The process is dead: takes a picture of the database as it is, and starts again later.
  void Bury();
  void ServeParked();
  void TakeReports();
  // Nothing: nobody is there, or the process died on the way.
  std::optional<std::vector<JobEngine::LeaseAnswer>> LeaseNow(
      const std::vector<std::string>& workers);

  World* const world_;
  const EngineOptions options_;
  const std::filesystem::path root_;
  const Plant plant_;
  std::unique_ptr<Random> random_;
  Mortal mortal_;
  ClockHere clock_{this};
  Chores chores_{this};
  MortalFiles files_;
  SimFilms films_;
  DiskGuard disks_;
  Auditor auditor_;
  std::unique_ptr<FarmStore> store_;
  std::unique_ptr<JobEngine> engine_;
  int64_t process_ = 0;  // number of the one that runs
  int64_t clock_offset_ = 0;
  int64_t wall_offset_ = 1'700'000'000 * kSecond;
  int64_t audited_commits_ = -1;
  std::vector<std::string> calls_;  // that the engine is in, the innermost last
  int meanwhiles_ = 0;
  bool serving_ = false;
  std::vector<Parked> parked_;
  std::vector<std::pair<TaskReport, ReportAnswer>> reports_;
  int crashes_ = 0;
};

}  // namespace stereofarm

#endif  // STEREOFARM_TESTS_SIM_SIM_COORDINATOR_H_
