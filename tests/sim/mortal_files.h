#ifndef STEREOFARM_TESTS_SIM_MORTAL_FILES_H_
#define STEREOFARM_TESTS_SIM_MORTAL_FILES_H_

#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "coordinator/scheduling/attempt_files.h"
#include "tests/sim/mortal.h"
#include "tests/sim/world.h"

namespace stereofarm {

// The true StoreFiles as a coordinator uses them that may die before and after each operation, and
// for which other things happen while an operation lasts. Notes what was committed and removed, and
// says when something is committed or read that mustn't be.
class MortalFiles : public AttemptFiles {
 public:
  // `meanwhile` lets others act; it's called before an operation, never under the engine's lock.
  MortalFiles(std::filesystem::path store, World* world, Mortal* mortal, Plant plant,
              std::function<void()> meanwhile)
      : store_(store),
        files_(store),
        world_(world),
        mortal_(mortal),
        plant_(plant),
        meanwhile_(std::move(meanwhile)) {}

  absl::Status Check(const std::string& directory, const Manifest& manifest) override;
  absl::Status CheckPresence(const std::string& directory) override;
  absl::StatusOr<Manifest> ReadManifest(const std::string& directory,
                                        const std::string& name) override;
  absl::Status WriteCommitted(const std::string& directory, const Manifest& manifest) override;
  absl::StatusOr<std::string> Read(const std::string& file) override;
  absl::Status Write(const std::string& file, const std::string& content) override;
  absl::Status Remove(const std::string& path) override;
  absl::StatusOr<std::vector<std::string>> AttemptsOf(const std::string& job) override;

  // Attempts with a committed.pb that was written when all of its files were whole.
  const std::set<std::string>& committed() const { return committed_; }
  // Below which the coordinator has removed files.
  bool WasRemoved(const std::string& directory) const { return removed_.contains(directory); }

 private:
  absl::Status Begin();

  const std::filesystem::path store_;
  StoreFiles files_;
  World* const world_;
  Mortal* const mortal_;
  const Plant plant_;
  const std::function<void()> meanwhile_;
  std::set<std::string> committed_;
  std::set<std::string> removed_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_TESTS_SIM_MORTAL_FILES_H_
