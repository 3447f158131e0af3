#ifndef STEREOFARM_COORDINATOR_SCHEDULING_SHOT_FINDER_H_
#define STEREOFARM_COORDINATOR_SCHEDULING_SHOT_FINDER_H_

#include <set>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "common/timeline/frame_range.h"
#include "coordinator/planning/cut_detector.h"

namespace stereofarm {

// Finds the shots in the part of a film that a job converts, from the results of its scan tasks, in
// any order. Not thread-safe.
class ShotFinder {
 public:
  explicit ShotFinder(FrameRange range) : range_(range), detector_(range.size()) {}

  bool Has(const FrameRange& scanned) const { return added_.contains(scanned); }
  // `bytes`: the scan's features. DataLoss when they aren't those of `scanned`.
  absl::Status Add(const FrameRange& scanned, std::string_view bytes);
  // What has become final since the last call, in frames of the film.
  std::vector<FrameRange> TakeShots();
  // All of the range has been given out.
  bool Complete() const { return detector_.Complete(); }

 private:
  const FrameRange range_;
  CutDetector detector_;  // counts from the range's first frame
  std::set<FrameRange> added_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_SCHEDULING_SHOT_FINDER_H_
