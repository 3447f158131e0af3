#include "coordinator/planning/cut_detector.h"

#include <algorithm>

#include "absl/strings/str_format.h"

namespace stereofarm {
namespace {

// Adds `range` to stretches that are kept merged.
void Merge(const FrameRange& range, std::map<int64_t, int64_t>* stretches) {
  int64_t begin = range.begin;
  int64_t end = range.end;
  auto it = stretches->upper_bound(begin);
  if (it != stretches->begin() && std::prev(it)->second >= begin) {
    --it;
    begin = it->first;
    end = std::max(end, it->second);
    it = stretches->erase(it);
  }
  while (it != stretches->end() && it->first <= end) {
    end = std::max(end, it->second);
    it = stretches->erase(it);
  }
  stretches->emplace(begin, end);
}

// The stretch that holds `frame`, or an empty one.
FrameRange StretchAt(const std::map<int64_t, int64_t>& stretches, int64_t frame) {
  auto it = stretches.upper_bound(frame);
  if (it == stretches.begin()) return {};
  --it;
  return frame < it->second ? FrameRange{it->first, it->second} : FrameRange{};
}

}  // namespace

CutDetector::CutDetector(int64_t frames) : store_(frames), rules_(&store_) {}

absl::Status CutDetector::Add(const FrameRange& range, std::span<const CutFeatures> features) {
  if (range.empty() || range.begin < 0 || range.end > store_.frames() ||
      range.size() != static_cast<int64_t>(features.size())) {
    return absl::InvalidArgumentError(
        absl::StrFormat("scan of frames %s has %d features and doesn't fit a film of %d frames",
                        RangeName(range), static_cast<int64_t>(features.size()), store_.frames()));
  }
  auto after = added_.lower_bound(range.begin);
  if (after != added_.end() && after->first == range.begin && after->second == range.end) {
    return absl::OkStatus();
  }
  if ((after != added_.end() && after->first < range.end) ||
      (after != added_.begin() && std::prev(after)->second > range.begin)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("scan of frames %s overlaps one that is there", RangeName(range)));
  }
  added_.emplace(range.begin, range.end);
  store_.Add(range, features);
  Merge(range, &arrived_);
  for (int64_t f = range.begin; f < range.end; ++f) open_.insert(open_.end(), f);
  Decide(StretchAt(arrived_, range.begin));
  return absl::OkStatus();
}

void CutDetector::Decide(const FrameRange& around) {
  auto it = open_.lower_bound(around.begin);
  while (it != open_.end() && *it < around.end) {
    const std::optional<bool> cut = rules_.IsCut(*it);
    if (!cut.has_value()) {
      ++it;
      continue;
    }
    if (*cut) cuts_.insert(*it);
    Merge({*it, *it + 1}, &decided_);
    ++decided_count_;
    it = open_.erase(it);
  }
  // Frames this far inside of what is decided are looked at no more.
  for (auto stretch = decided_.upper_bound(around.begin);;) {
    if (stretch != decided_.begin()) {
      const auto& [begin, end] = *std::prev(stretch);
      const int64_t from = begin == 0 ? 0 : begin + CutRules::kReach;
      const int64_t to = end == store_.frames() ? end : end - CutRules::kReach;
      if (from < to) store_.DropWithin({from, to});
    }
    if (stretch == decided_.end() || stretch->first >= around.end) break;
    ++stretch;
  }
}

std::vector<FrameRange> CutDetector::TakeFinalShots() {
  std::vector<FrameRange> out;
  for (const auto& [begin, end] : decided_) {
    // Shots that begin in this stretch and whose end is known.
    std::vector<int64_t> borders;
    if (begin == 0) borders.push_back(0);
    for (auto it = cuts_.lower_bound(begin); it != cuts_.end() && *it < end; ++it) {
      borders.push_back(*it);
    }
    if (end == store_.frames()) borders.push_back(end);
    for (size_t i = 0; i + 1 < borders.size(); ++i) {
      if (given_.insert(borders[i]).second) out.push_back({borders[i], borders[i + 1]});
    }
  }
  return out;
}

std::vector<int64_t> CutDetector::Cuts() const { return {cuts_.begin(), cuts_.end()}; }

}  // namespace stereofarm
