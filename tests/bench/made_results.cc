#include "tests/bench/made_results.h"

#include <stdio.h>

#include <utility>

#include "common/artifacts/manifest.h"
#include "common/base/file_system.h"
#include "common/base/log.h"
#include "coordinator/planning/shard_plan.h"
#include "coordinator/scheduling/task_spec.h"

namespace stereofarm {

void MadeResults::Make(const FakeWorker& worker, const MadeFilm& film) {
  const std::vector<int64_t> cuts(film.cuts.begin(), film.cuts.end());
  for (const TaskKind kind : {TaskKind::kDepth, TaskKind::kRender}) {
    SF_CHECK(MakeDirectories(folder_ / TaskKindName(kind)).ok());
  }
  for (const FrameRange& shot : ShotsOf(cuts, film.frames)) {
    for (const Shard& shard : PlanShot(shot, film.settings.shard_frames, film.settings.overlap)) {
      for (const TaskKind kind : {TaskKind::kDepth, TaskKind::kRender}) {
        TaskSpec spec;
        spec.kind = kind;
        spec.shard = shard;
        spec.settings = film.settings;
        const std::string task = TaskName(kind, shard.core);
        std::vector<ManifestFile> files = worker.MakeFiles(spec, folder_ / task);
        std::lock_guard lock(mutex_);
        made_.emplace(task, std::move(files));
      }
    }
  }
}

void MadeResults::MakeFolders(const std::filesystem::path& store, const std::string& job) {
  std::lock_guard lock(mutex_);
  for (const auto& [task, files] : made_) {
    const std::filesystem::path attempt = store / AttemptDirectory(job, task, 1, "id");
    SF_CHECK(MakeDirectories(attempt.parent_path()).ok());
  }
}

bool MadeResults::Take(const std::string& task, const std::filesystem::path& attempt,
                       std::vector<ManifestFile>* files) {
  {
    std::lock_guard lock(mutex_);
    const auto found = made_.find(task);
    if (found == made_.end()) return false;
    *files = std::move(found->second);
    made_.erase(found);
  }
  const std::filesystem::path made = folder_ / task;
  if (rename(made.c_str(), attempt.c_str()) == 0) return true;
  SF_CHECK(MakeDirectories(attempt.parent_path()).ok());
  return rename(made.c_str(), attempt.c_str()) == 0;
}

}  // namespace stereofarm
