#ifndef STEREOFARM_TESTS_E2E_HAND_FARM_H_
#define STEREOFARM_TESTS_E2E_HAND_FARM_H_

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/e2e/programs.h"

namespace stereofarm {

// A farm that a test starts piece by piece on a Unix socket, with short leases. Films lie in
// films().
class HandFarm {
 public:
  HandFarm() : HandFarm(std::filesystem::path()) {}
  // Root, store and films() lie in `disk`, which is there; scratch folders and socket don't.
  explicit HandFarm(const std::filesystem::path& disk);

  std::string address() const { return "unix:" + (folder_ / "farm.sock").string(); }
  std::filesystem::path films() const { return disk_ / "films"; }
  std::filesystem::path store() const { return disk_ / "store"; }

  // Starts it, or starts it again after KillCoordinator, and waits until it serves.
  void StartCoordinator();
  // Returns once the worker has joined.
  void StartWorker(const std::string& name);
  void KillCoordinator();
  void KillWorker(const std::string& name);
  Running& worker(const std::string& name) { return *workers_.at(name); }
  Running& coordinator() { return *coordinator_; }

  // `stereofarm` with these words, speaking to this farm.
  Ended Ask(std::vector<std::string> words);
  // Submits the small film to OUT in films(); returns the job's id.
  std::string Submit(const std::string& out, const std::vector<std::string>& options);
  // The job's `status --json`.
  nlohmann::json Status(const std::string& job);

 private:
  TempFolder folder_;
  const std::filesystem::path disk_;
  std::unique_ptr<Running> coordinator_;
  std::map<std::string, std::unique_ptr<Running>> workers_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_TESTS_E2E_HAND_FARM_H_
