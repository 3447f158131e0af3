#include "coordinator/scheduling/cut_eases.h"

#include "coordinator/reconcile/cut_ease.h"

namespace stereofarm {
namespace {

bool EasesCuts(const JobSettings& settings) {
  return settings.cut_jump_percent > 0 && settings.budget_percent > 0;
}

CutEase EaseBetween(const JobSettings& settings, const ShotRecord& before,
                    const ShotRecord& after) {
  if (!EasesCuts(settings) || before.frames.size() == 1 || after.frames.size() == 1) return {};
  return EaseCut(before.last, after.first, settings.cut_jump_percent / settings.budget_percent);
}

// The shots on both sides that the job has or will have.
struct Neighbours {
  bool has_before = false, has_after = false;
  std::optional<ShotRecord> before, after;  // where they are reconciled
};

absl::StatusOr<Neighbours> NeighboursOf(FarmStore* store, const JobRecord& job,
                                        const ShotRecord& shot) {
  Neighbours out;
  out.has_before = shot.frames.begin > job.range.begin;
  out.has_after = shot.frames.end < job.range.end;
  if (out.has_before) {
    SF_ASSIGN_OR_RETURN(out.before, store->shots().Before(job.id, shot.frames.begin));
  }
  if (out.has_after) {
    SF_ASSIGN_OR_RETURN(out.after, store->shots().Get(job.id, shot.frames.end));
  }
  for (std::optional<ShotRecord>* side : {&out.before, &out.after}) {
    if (*side && (*side)->state != ShotState::kReconciled) side->reset();
  }
  return out;
}

}  // namespace

absl::StatusOr<std::optional<ShotEases>> EasesOf(FarmStore* store, const JobRecord& job,
                                                 const ShotRecord& shot) {
  if (!EasesCuts(job.settings)) return ShotEases();
  SF_ASSIGN_OR_RETURN(const Neighbours near, NeighboursOf(store, job, shot));
  if ((near.has_before && !near.before) || (near.has_after && !near.after)) return std::nullopt;
  ShotEases eases;
  if (near.before) eases.begin = EaseBetween(job.settings, *near.before, shot).after;
  if (near.after) eases.end = EaseBetween(job.settings, shot, *near.after).before;
  return eases;
}

absl::StatusOr<std::vector<ShotRecord>> EasedNeighbours(FarmStore* store, const JobRecord& job,
                                                        const ShotRecord& shot) {
  std::vector<ShotRecord> out;
  if (!EasesCuts(job.settings)) return out;
  SF_ASSIGN_OR_RETURN(const Neighbours near, NeighboursOf(store, job, shot));
  for (const std::optional<ShotRecord>& side : {near.before, near.after}) {
    if (side) out.push_back(*side);
  }
  return out;
}

std::vector<CutReport> CutReports(const JobSettings& settings, std::span<const ShotRecord> shots) {
  std::vector<CutReport> out;
  if (settings.rig) return out;
  for (size_t i = 1; i < shots.size(); ++i) {
    const ShotRecord& before = shots[i - 1];
    const ShotRecord& after = shots[i];
    if (before.state != ShotState::kReconciled || after.state != ShotState::kReconciled) continue;
    // Shots that were reconciled before this was kept.
    if (before.last == CutDepth() && after.first == CutDepth()) continue;
    const CutEase ease = EaseBetween(settings, before, after);
    out.push_back(
        {.frame = after.frames.begin,
         .jump_percent = settings.budget_percent *
                         JumpOf(Turned(before.last, ease.before), Turned(after.first, ease.after)),
         .uneased_percent = settings.budget_percent * JumpOf(before.last, after.first)});
  }
  return out;
}

}  // namespace stereofarm
