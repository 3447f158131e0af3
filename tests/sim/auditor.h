#ifndef STEREOFARM_TESTS_SIM_AUDITOR_H_
#define STEREOFARM_TESTS_SIM_AUDITOR_H_

#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/farm/task.h"
#include "coordinator/store/farm_store.h"
#include "tests/sim/mortal_files.h"
#include "tests/sim/world.h"

namespace stereofarm {

// The call that ends leases whose time is over.
inline constexpr char kTick[] = "tick";

// Holds the farm to its promises: looks at the database after every change of it, and at what goes
// between the coordinator and its workers. tests/sim/README.md lists the invariants by the names
// that are given to World::Break here.
class Auditor {
 public:
  // `believes`: whether a worker of this id thinks that its lease of this id is still running.
  Auditor(World* world, MortalFiles* files, std::filesystem::path store,
          std::function<bool(const std::string& worker, const std::string& lease_id)> believes)
      : world_(world), files_(files), store_(std::move(store)), believes_(std::move(believes)) {}

  // `by`: the call of the engine that has just made its changes. `store` may be read.
  void LookAt(FarmStore* store, const std::string& by);
  // The database file, from beside: references and structure. The file isn't in use.
  void LookAtFile(const std::filesystem::path& database);

  // The engine lent a task.
  void OnLent(FarmStore* store, const std::string& worker, const TaskLease& lease);
  // A worker has sent its result / got to know that it counts.
  void OnResultSent(const std::string& lease_id) { sent_.insert(lease_id); }
  void OnAcknowledged(const AttemptRef& attempt);
  // The simulator has spoilt files of a committed attempt; a worker has removed its own attempt.
  void OnSpoilt(const std::string& directory) { spoilt_.insert(directory); }
  bool IsSpoilt(const std::string& directory) const { return spoilt_.contains(directory); }
  // A worker is about to read files there.
  void OnRead(const std::string& directory, bool whole);

 private:
  struct Lent {
    std::string worker;
    int64_t epoch = 0;
    std::string lease_id;
    bool revoked = false;  // taken back for another reason than time
  };
  struct Row {
    TaskState state = TaskState::kWaiting;
    int64_t epoch = 0;
    std::string lease_id;
    std::string numeric_class;
    std::string stage_basis;
    std::string directory;
  };
  using TaskKey = std::pair<std::string, std::string>;

  void LookAtTask(FarmStore* store, const JobRecord& job, const TaskRecord& task,
                  const std::string& by);
  // Whether the attempt was taken from a worker that holds it well, since nothing goes on in it.
  // The files of a done result have been given up.
  void LookAtDropped(FarmStore* store, const JobRecord& job, const TaskRecord& task);
  static bool IsStalled(FarmStore* store, const TaskRecord& task, const std::string& lease_id);
  void LookAtFilm(const JobRecord& job);

  World* const world_;
  MortalFiles* const files_;
  const std::filesystem::path store_;
  const std::function<bool(const std::string&, const std::string&)> believes_;

  std::map<TaskKey, Row> rows_;
  std::map<std::string, JobState> jobs_;
  std::map<TaskKey, std::vector<Lent>> lent_;  // in the order of their epochs
  std::map<TaskKey, int64_t> newest_epoch_;
  std::set<std::string> lease_ids_;
  std::set<std::string> sent_;
  std::map<std::string, TaskKey> acknowledged_;  // by lease id
  std::set<std::string> done_;                   // lease ids that were seen as done
  std::set<std::string> spoilt_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_TESTS_SIM_AUDITOR_H_
