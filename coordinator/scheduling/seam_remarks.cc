#include "coordinator/scheduling/seam_remarks.h"

#include <algorithm>

#include "absl/strings/str_format.h"

namespace stereofarm {
namespace {

constexpr size_t kMostRemarks = 10;

}  // namespace

void AddSeamRemarks(const std::vector<SeamRecord>& seams, double gate_percent,
                    std::vector<std::string>* remarks) {
  if (gate_percent <= 0) return;
  std::vector<SeamRecord> over;
  for (const SeamRecord& seam : seams) {
    if (seam.residual_percent > gate_percent) over.push_back(seam);
  }
  std::stable_sort(over.begin(), over.end(), [](const SeamRecord& a, const SeamRecord& b) {
    return a.residual_percent > b.residual_percent;
  });
  for (size_t i = 0; i < std::min(over.size(), kMostRemarks); ++i) {
    remarks->push_back(absl::StrFormat(
        "the depths that meet at frame %d differ by %.2g %% of the picture's width, over the gate "
        "of %g %%; look at the film there",
        over[i].frame, over[i].residual_percent, gate_percent));
  }
  if (over.size() > kMostRemarks) {
    remarks->push_back(
        absl::StrFormat("%d more seams are over the gate of %g %%; the report has "
                        "all of them",
                        over.size() - kMostRemarks, gate_percent));
  }
}

}  // namespace stereofarm
