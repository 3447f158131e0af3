#ifndef STEREOFARM_COORDINATOR_PLANNING_CUT_RULES_H_
#define STEREOFARM_COORDINATOR_PLANNING_CUT_RULES_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "coordinator/planning/feature_store.h"

namespace stereofarm {

// Decides frame by frame whether a new shot begins there, from the features of the frames around
// (docs/cuts.md explains the rules and their numbers). The answer for a frame depends on the film
// alone: while a frame that it looks at hasn't arrived there is none; later ones change nothing.
// Not thread-safe.
class CutRules {
 public:
  // `store` must live longer.
  explicit CutRules(const FeatureStore* store);

  // No answer for a frame looks at features further away than this.
  static constexpr int kReach = 160;

  // Nothing when features that the answer depends on are missing.
  std::optional<bool> IsCut(int64_t frame);

 private:
  enum class Blank : uint8_t { kUnknown, kNo, kBlack, kBright };
  struct Memo {
    int8_t hard = -1;               // -1: not known yet
    Blank blank = Blank::kUnknown;  // outlives the features, for long black stretches
    float dissolve = -1;            // -1: not known yet
  };

  bool Cut(int64_t frame);
  bool HardCut(int64_t frame);
  bool FadeCut(int64_t frame);
  float DissolveScore(int64_t frame);

  bool ComputeHardCut(int64_t frame);
  float ComputeDissolve(int64_t frame);
  bool Breaks(int64_t frame);
  bool IsFlashEdge(int64_t frame);
  int64_t LeavesBlank(int64_t edge, int direction, const CutFeatures& bottom);
  Blank BlankAt(int64_t frame);
  bool InFilm(int64_t frame) const { return frame >= 0 && frame < store_->frames(); }
  // A frame of the film; notes when it's missing, and stands in a grey one.
  const CutFeatures& At(int64_t frame);

  const FeatureStore* const store_;
  std::vector<Memo> memo_;
  bool missing_ = false;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_PLANNING_CUT_RULES_H_
