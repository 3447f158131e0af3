#include "coordinator/cli/progress_bar.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace stereofarm {
namespace {

using testing::HasSubstr;

Progress HalfDone() {
  Progress progress;
  progress.stages = {{.stage = "index", .done = 0, .total = 0},
                     {.stage = "depth", .done = 50, .total = 100, .running = true, .fps = 4.2}};
  progress.seconds_left = 75;
  return progress;
}

TEST(ProgressBarTest, ShowsStagesThatHaveSomethingToDo) {
  const auto lines = ProgressBars(HalfDone(), 30, 80);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0], "depth    [####################....................]  50 %  50/100  4.2 fps");
  EXPECT_EQ(lines[1], "0:30 gone, about 1:15 left");
}

TEST(ProgressBarTest, NeverWiderThanTheTerminal) {
  for (const int columns : {1, 5, 20, 33, 45, 60, 200}) {
    for (const std::string& line : ProgressBars(HalfDone(), 30, columns)) {
      EXPECT_LE(line.size(), static_cast<size_t>(std::max(1, columns - 1))) << line;
    }
  }
}

TEST(ProgressBarTest, ANarrowTerminalGetsNumbersOnly) {
  EXPECT_EQ(ProgressBars(HalfDone(), 30, 40)[0], "depth      50 %  50/100  4.2 fps");
}

TEST(TerminalBlockTest, ASecondBlockIsDrawnOverTheFirst) {
  TerminalBlock block;
  EXPECT_EQ(block.Redraw({"a", "b"}), "\x1b[2Ka\n\x1b[2Kb\n");
  EXPECT_EQ(block.Redraw({"c", "d"}), "\x1b[2F\x1b[2Kc\n\x1b[2Kd\n");
}

TEST(TerminalBlockTest, AShorterBlockClearsTheRest) {
  TerminalBlock block;
  block.Redraw({"a", "b", "c"});
  EXPECT_EQ(block.Redraw({"d"}), "\x1b[3F\x1b[2Kd\n\x1b[2K\n\x1b[2K\n\x1b[2F");
}

}  // namespace
}  // namespace stereofarm
