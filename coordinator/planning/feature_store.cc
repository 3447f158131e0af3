#include "coordinator/planning/feature_store.h"

namespace stereofarm {

void FeatureStore::Add(const FrameRange& range, std::span<const CutFeatures> features) {
  ranges_[range.begin].assign(features.begin(), features.end());
}

const CutFeatures* FeatureStore::Find(int64_t frame) const {
  auto it = ranges_.upper_bound(frame);
  if (it == ranges_.begin()) return nullptr;
  --it;
  const auto offset = static_cast<size_t>(frame - it->first);
  return offset < it->second.size() ? &it->second[offset] : nullptr;
}

void FeatureStore::DropWithin(const FrameRange& range) {
  auto it = ranges_.lower_bound(range.begin);
  while (it != ranges_.end() && it->first + static_cast<int64_t>(it->second.size()) <= range.end) {
    it = ranges_.erase(it);
  }
}

}  // namespace stereofarm
