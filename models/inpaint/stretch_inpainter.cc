#include "models/inpaint/stretch_inpainter.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "models/inpaint/empty_rows.h"
#include "models/inpaint/hole_runs.h"
#include "models/inpaint/target.h"

namespace stereofarm {

absl::StatusOr<Image> StretchInpainter::Fill(const WarpedFrame& warped) {
  SF_RETURN_IF_ERROR(CheckTarget(warped));
  const Image& rgba = warped.rgba;
  const int width = rgba.width();
  Image rgb = CopyColour(rgba);
  std::vector<HoleRun> runs;
  std::vector<bool> empty(static_cast<size_t>(rgba.height()), false);
  for (int y = 0; y < rgba.height(); ++y) {
    FindHoleRuns(rgba.Row(3, y), width, &runs);
    for (const HoleRun run : runs) {
      if (run.begin == 0 && run.end == width) {
        empty[static_cast<size_t>(y)] = true;
        continue;
      }
      const int nearer_to_left = run.begin == 0     ? 0
                                 : run.end == width ? width
                                                    : (run.begin + run.end + 1) / 2;
      for (int c = 0; c < 3; ++c) {
        float* row = rgb.Row(c, y);
        const int middle = std::clamp(nearer_to_left, run.begin, run.end);
        if (middle > run.begin) std::fill(row + run.begin, row + middle, row[run.begin - 1]);
        if (middle < run.end) std::fill(row + middle, row + run.end, row[run.end]);
      }
    }
  }
  FillEmptyRows(empty, &rgb);
  return rgb;
}

}  // namespace stereofarm
