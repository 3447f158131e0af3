#ifndef STEREOFARM_COORDINATOR_PLANNING_FEATURE_STORE_H_
#define STEREOFARM_COORDINATOR_PLANNING_FEATURE_STORE_H_

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "common/farm/cut_features.h"
#include "common/timeline/frame_range.h"

namespace stereofarm {

// Cut features of the ranges of a film that have arrived, in any order, until they're dropped. Not
// thread-safe.
class FeatureStore {
 public:
  explicit FeatureStore(int64_t frames) : frames_(frames) {}
  int64_t frames() const { return frames_; }

  // `features` are those of `range`, of which no frame may be there yet or have been dropped.
  void Add(const FrameRange& range, std::span<const CutFeatures> features);
  // Null when the frame isn't there.
  const CutFeatures* Find(int64_t frame) const;
  // Gives back the memory of those added ranges that lie wholly in `range`.
  void DropWithin(const FrameRange& range);
  // Added ranges that are held.
  size_t held() const { return ranges_.size(); }

 private:
  const int64_t frames_;
  std::map<int64_t, std::vector<CutFeatures>> ranges_;  // by first frame
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_PLANNING_FEATURE_STORE_H_
