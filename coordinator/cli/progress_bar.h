#ifndef STEREOFARM_COORDINATOR_CLI_PROGRESS_BAR_H_
#define STEREOFARM_COORDINATOR_CLI_PROGRESS_BAR_H_

#include <string>
#include <vector>

#include "coordinator/cli/progress_meter.h"

namespace stereofarm {

// Progress as lines of a terminal of `columns` columns: a bar for each stage that has something to
// do, then the time gone and left. No line is longer than the terminal is wide.
std::vector<std::string> ProgressBars(const Progress& progress, double seconds, int columns);

// One stage as one line of a log: "depth 34 of 102 frames (33 %), 5.2 fps".
std::string ProgressLine(const StageState& stage);

// Draws blocks of lines over each other on a terminal.
class TerminalBlock {
 public:
  // The bytes that replace the block drawn last by `lines`.
  std::string Redraw(const std::vector<std::string>& lines);

 private:
  size_t height_ = 0;
};

// Columns of the terminal behind `fd`; 80 where that can't be known.
int TerminalColumns(int fd);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_CLI_PROGRESS_BAR_H_
