#ifndef STEREOFARM_TESTS_UNIT_COORDINATOR_FAKE_WORKER_H_
#define STEREOFARM_TESTS_UNIT_COORDINATOR_FAKE_WORKER_H_

#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "common/artifacts/manifest.h"
#include "common/farm/task.h"
#include "coordinator/store/records.h"

namespace stereofarm {

// Does tasks by writing the small files that the coordinator looks at, with true manifests.
class FakeWorker {
 public:
  // `cuts`: first frames of the film's shots but the first, as its scans find them.
  FakeWorker(std::string id, std::string numeric_class, std::filesystem::path store,
             std::set<int64_t> cuts = {})
      : id_(std::move(id)),
        numeric_class_(std::move(numeric_class)),
        store_(std::move(store)),
        cuts_(std::move(cuts)) {}

  const std::string& id() const { return id_; }
  WorkerRecord Record() const;
  // From now on pictures are further names of that file, which is there with this content, and
  // manifest.pb is left out: what a thousand workers on one machine save each other.
  void UsePicture(std::filesystem::path file, const std::string& content);
  // Depth of these tasks fits no other's: their seams are bad.
  void UseRoughDepth(std::function<bool(const TaskSpec&)> is_rough) {
    is_rough_ = std::move(is_rough);
  }
  // The depth of a frame where the usual slope has `slope`, 0..1.
  void UseDepth(std::function<float(int64_t frame, float slope)> depth) {
    depth_ = std::move(depth);
  }
  // Writes the result's files and manifest.pb. Segments say which attempt made them when
  // `sign` is set.
  Manifest Do(const TaskLease& lease, bool sign = false) const;
  // The files alone, in a folder that it makes where it isn't there; segments end with `signature`.
  std::vector<ManifestFile> MakeFiles(const TaskSpec& spec, const std::filesystem::path& folder,
                                      const std::string& signature = "") const;
  // The manifest of an attempt that made these files.
  Manifest ManifestOf(const TaskLease& lease, std::vector<ManifestFile> files) const;

 private:
  const std::string id_;
  const std::string numeric_class_;
  const std::filesystem::path store_;
  const std::set<int64_t> cuts_;
  std::filesystem::path picture_;  // none: each picture is a file of its own
  ManifestFile picture_facts_;
  std::function<bool(const TaskSpec&)> is_rough_;
  std::function<float(int64_t frame, float slope)> depth_;
};

AttemptRef AttemptOf(const TaskLease& lease);

}  // namespace stereofarm

#endif  // STEREOFARM_TESTS_UNIT_COORDINATOR_FAKE_WORKER_H_
