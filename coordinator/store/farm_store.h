#ifndef STEREOFARM_COORDINATOR_STORE_FARM_STORE_H_
#define STEREOFARM_COORDINATOR_STORE_FARM_STORE_H_

#include <filesystem>
#include <functional>
#include <memory>

#include "common/base/status.h"
#include "coordinator/store/failure_table.h"
#include "coordinator/store/job_table.h"
#include "coordinator/store/shot_table.h"
#include "coordinator/store/stuck_table.h"
#include "coordinator/store/task_table.h"
#include "coordinator/store/worker_table.h"

namespace stereofarm {

class Database;
class Transaction;

// The farm's database: everything the coordinator decides, so that it may die at any instruction.
// Not thread-safe: the engine's lock guards it.
class FarmStore {
 public:
  // Opens or creates the file, reads it through for damage (DataLoss; the sentence says what
  // repairs it) and brings it up to date. The caller makes sure that no other coordinator has it
  // open. `gate`: asked before each statement from then on (StatementGate, sqlite.h).
  static absl::StatusOr<std::unique_ptr<FarmStore>> Open(
      const std::filesystem::path& file,
      std::function<absl::Status(const char* sql)> gate = nullptr);
  ~FarmStore();

  // What is written until Commit is there together or not at all; without Commit it's taken back.
  class Change {
   public:
    explicit Change(FarmStore* store);
    // Nothing may be written unless this is OK.
    const absl::Status& begun() const;
    ~Change();
    Change(const Change&) = delete;
    Change& operator=(const Change&) = delete;
    absl::Status Commit();

   private:
    FarmStore* const store_;
    std::unique_ptr<Transaction> transaction_;
    bool committed_ = false;
  };

  // What is read while it stands is of one moment, and far cheaper than query by query. Nothing may
  // be written meanwhile. It costs nothing where it can't be had: then each query stands alone.
  class View {
   public:
    explicit View(FarmStore* store);
    ~View();
    View(const View&) = delete;
    View& operator=(const View&) = delete;

   private:
    std::unique_ptr<Transaction> transaction_;
  };

  JobTable& jobs() { return jobs_; }
  ShotTable& shots() { return shots_; }
  TaskTable& tasks() { return tasks_; }
  FailureTable& failures() { return failures_; }
  WorkerTable& workers() { return workers_; }
  StuckTable& stuck() { return stuck_; }

  // Empties the log that lies beside the file: now and then, and before a stop.
  absl::Status Checkpoint();

 private:
  explicit FarmStore(std::unique_ptr<Database> database);

  std::unique_ptr<Database> database_;
  JobTable jobs_;
  ShotTable shots_;
  TaskTable tasks_;
  FailureTable failures_;
  WorkerTable workers_;
  StuckTable stuck_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_STORE_FARM_STORE_H_
