#ifndef STEREOFARM_COORDINATOR_PLANNING_CUT_DETECTOR_H_
#define STEREOFARM_COORDINATOR_PLANNING_CUT_DETECTOR_H_

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <vector>

#include "common/base/status.h"
#include "common/farm/cut_features.h"
#include "common/timeline/frame_range.h"
#include "coordinator/planning/cut_rules.h"
#include "coordinator/planning/feature_store.h"

namespace stereofarm {

// Finds a film's shots from the features of its scanned ranges, which may arrive in any order: the
// cuts are the same, and a shot is given out as soon as everything about it is known, while the
// rest of the film is still being scanned. Features that no open question needs are dropped, so
// what it holds is bounded by the gaps, not by the film. Not thread-safe.
class CutDetector {
 public:
  // `frames`: of the whole film.
  explicit CutDetector(int64_t frames);

  // Features of the frames of `range`. InvalidArgument when the count doesn't fit or the range
  // isn't the film's or overlaps an earlier one in part; the same range again changes nothing.
  absl::Status Add(const FrameRange& range, std::span<const CutFeatures> features);

  // Shots that have become final since the last call, ascending; each is given once. When all
  // ranges are in, all shots have been given, and they tile the film.
  std::vector<FrameRange> TakeFinalShots();

  // First frames of the shots but the first, as far as known, ascending.
  std::vector<int64_t> Cuts() const;
  // Whether every frame of the film has been decided.
  bool Complete() const { return decided_count_ == store_.frames(); }
  // Added ranges whose features are still held.
  size_t held() const { return store_.held(); }

 private:
  void Decide(const FrameRange& around);

  FeatureStore store_;
  CutRules rules_;
  std::map<int64_t, int64_t> added_;    // begin to end, as added
  std::map<int64_t, int64_t> arrived_;  // the same, adjoining ones merged
  std::set<int64_t> open_;              // arrived frames that aren't decided
  std::map<int64_t, int64_t> decided_;  // begin to end of decided stretches, merged
  int64_t decided_count_ = 0;
  std::set<int64_t> cuts_;
  std::set<int64_t> given_;  // first frames of shots that were taken
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_PLANNING_CUT_DETECTOR_H_
