#ifndef STEREOFARM_COORDINATOR_SCHEDULING_CUT_EASES_H_
#define STEREOFARM_COORDINATOR_SCHEDULING_CUT_EASES_H_

#include <optional>
#include <span>
#include <vector>

#include "common/base/status.h"
#include "common/farm/alignment.h"
#include "coordinator/store/farm_store.h"

namespace stereofarm {

// How a shot's range is turned in its first and in its last frame.
struct ShotEases {
  DepthEase begin;
  DepthEase end;
};

// What JobSettings::cut_jump_percent makes of a reconciled shot; nothing while a shot beside it,
// whose depth has a say, isn't reconciled. No turns at the film's ends nor beside a shot of a
// single frame, which can't be turned for both of its cuts.
absl::StatusOr<std::optional<ShotEases>> EasesOf(FarmStore* store, const JobRecord& job,
                                                 const ShotRecord& shot);

// The reconciled shots beside `shot` that it has a say in; none where the job leaves cuts alone.
absl::StatusOr<std::vector<ShotRecord>> EasedNeighbours(FarmStore* store, const JobRecord& job,
                                                        const ShotRecord& shot);

// How far the eyes jump at a cut, in percent of picture width: the most of far part, middle and
// near part.
struct CutReport {
  int64_t frame = 0;  // the first one after it
  double jump_percent = 0;
  double uneased_percent = 0;  // without turns
};
// Of all cuts between reconciled shots; none with a rig, whose parallax isn't that of a range.
// `shots`: the job's, ascending.
std::vector<CutReport> CutReports(const JobSettings& settings, std::span<const ShotRecord> shots);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_SCHEDULING_CUT_EASES_H_
