#include "coordinator/scheduling/shot_finder.h"

#include "absl/strings/str_format.h"
#include "common/farm/cut_features.h"

namespace stereofarm {

absl::Status ShotFinder::Add(const FrameRange& scanned, std::string_view bytes) {
  SF_ASSIGN_OR_RETURN(std::vector<CutFeatures> features, DecodeCutFeatures(bytes));
  if (static_cast<int64_t>(features.size()) != scanned.size()) {
    return absl::DataLossError(absl::StrFormat("the scan of %s has features of %d frames",
                                               RangeName(scanned), features.size()));
  }
  if (scanned.begin == range_.begin) {
    // Nothing comes before the range, whatever the film has there.
    features.front().match = 1;
    features.front().difference = 0;
  }
  SF_RETURN_IF_ERROR(
      detector_.Add({scanned.begin - range_.begin, scanned.end - range_.begin}, features));
  added_.insert(scanned);
  return absl::OkStatus();
}

std::vector<FrameRange> ShotFinder::TakeShots() {
  std::vector<FrameRange> shots = detector_.TakeFinalShots();
  for (FrameRange& shot : shots) {
    shot.begin += range_.begin;
    shot.end += range_.begin;
  }
  return shots;
}

}  // namespace stereofarm
