#include "coordinator/cli/progress_bar.h"

#include <sys/ioctl.h>

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"

namespace stereofarm {
namespace {

constexpr int kLeastBar = 10;
constexpr int kMostBar = 40;

std::string FpsText(double fps) {
  if (fps <= 0) return "";
  return fps < 10 ? absl::StrFormat("%.1f fps", fps) : absl::StrFormat("%.0f fps", fps);
}

std::string Bar(double share, int width) {
  const int full = static_cast<int>(std::floor(share * width));
  return "[" + std::string(static_cast<size_t>(full), '#') +
         std::string(static_cast<size_t>(width - full), '.') + "]";
}

}  // namespace

std::vector<std::string> ProgressBars(const Progress& progress, double seconds, int columns) {
  struct Row {
    std::string name;
    double share = 0;
    std::string numbers;
  };
  std::vector<Row> rows;
  size_t widest = 0;
  for (const StageState& stage : progress.stages) {
    if (stage.total <= 0) continue;
    rows.push_back(
        {absl::StrFormat("%-9s", stage.stage), stage.share(),
         absl::StrFormat(" %3d %%  %d/%d  %s", static_cast<int>(std::floor(stage.share() * 100)),
                         stage.done, stage.total, FpsText(stage.fps))});
    widest = std::max(widest, rows.back().name.size() + rows.back().numbers.size());
  }
  const auto limit = static_cast<size_t>(std::max(1, columns - 1));
  // All bars are as long as the one with the least room.
  const int room = static_cast<int>(limit) - static_cast<int>(widest) - 2;
  std::vector<std::string> lines;
  for (const Row& row : rows) {
    const std::string bar = room < kLeastBar ? "" : Bar(row.share, std::min(room, kMostBar));
    lines.push_back((row.name + bar + row.numbers).substr(0, limit));
  }
  std::string time = DurationText(seconds) + " gone";
  if (progress.seconds_left) time += ", about " + DurationText(*progress.seconds_left) + " left";
  lines.push_back(time.substr(0, limit));
  return lines;
}

std::string ProgressLine(const StageState& stage) {
  std::string line = absl::StrFormat("%s %d of %d frames (%d %%)", stage.stage, stage.done,
                                     stage.total, static_cast<int>(stage.share() * 100));
  const std::string fps = FpsText(stage.fps);
  return fps.empty() ? line : line + ", " + fps;
}

std::string TerminalBlock::Redraw(const std::vector<std::string>& lines) {
  std::string bytes;
  if (height_ > 0) bytes += absl::StrFormat("\x1b[%dF", height_);
  for (const std::string& line : lines) bytes += "\x1b[2K" + line + "\n";
  // Lines that the last block had more than this one.
  for (size_t i = lines.size(); i < height_; ++i) bytes += "\x1b[2K\n";
  if (lines.size() < height_) bytes += absl::StrFormat("\x1b[%dF", height_ - lines.size());
  height_ = lines.size();
  return bytes;
}

int TerminalColumns(int fd) {
  winsize size{};
  if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

}  // namespace stereofarm
