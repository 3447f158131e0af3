#ifndef STEREOFARM_COORDINATOR_CLI_QC_PLOT_H_
#define STEREOFARM_COORDINATOR_CLI_QC_PLOT_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/timeline/frame_range.h"

namespace stereofarm {

// What a graph shows along the frames of a shot.
struct QcGraph {
  std::string name;
  std::vector<std::vector<std::pair<double, double>>> lines;  // of (frame, value)
  std::vector<std::pair<double, double>> bars;                // from 0
  std::optional<double> limit;                                // a dashed line across
};

// One SVG element with the graphs below each other over one axis of frames. Values that aren't
// finite are left out. Names are escaped.
std::string QcPlot(const FrameRange& frames, const std::vector<QcGraph>& graphs);

// For text of HTML and its attributes: what has a meaning there is escaped, control characters
// become question marks.
std::string EscapedHtml(const std::string& text);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_CLI_QC_PLOT_H_
