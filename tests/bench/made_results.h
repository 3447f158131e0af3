#ifndef STEREOFARM_TESTS_BENCH_MADE_RESULTS_H_
#define STEREOFARM_TESTS_BENCH_MADE_RESULTS_H_

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/artifacts/manifest.h"
#include "common/farm/task.h"
#include "tests/unit/coordinator/fake_worker.h"

namespace stereofarm {

// The film whose results are made.
struct MadeFilm {
  std::set<int64_t> cuts;  // first frames of the shots but the first
  int64_t frames = 0;
  JobSettings settings;
};

// What a film's workers would make, made before anybody asks for it: on a farm the work is done on
// other machines. Thread-safe.
class MadeResults {
 public:
  // Below `folder`, which lies on the store's disk.
  explicit MadeResults(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // The results of every shard of the film, for depth and render.
  void Make(const FakeWorker& worker, const MadeFilm& film);
  // The folders of these tasks' attempts in the store, of the job that the film became.
  void MakeFolders(const std::filesystem::path& store, const std::string& job);
  // Puts the task's result into the attempt's folder, an absolute path. False: none was made, or
  // another attempt has had it.
  bool Take(const std::string& task, const std::filesystem::path& attempt,
            std::vector<ManifestFile>* files);

 private:
  const std::filesystem::path folder_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::vector<ManifestFile>> made_;  // by task; guarded by mutex_
};

}  // namespace stereofarm

#endif  // STEREOFARM_TESTS_BENCH_MADE_RESULTS_H_
