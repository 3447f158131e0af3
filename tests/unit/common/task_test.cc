#include "common/farm/task.h"

#include <gtest/gtest.h>

namespace stereofarm {
namespace {

TEST(TaskTest, EveryNameIsReadBack) {
  for (int i = 0; i < 6; ++i) {
    const TaskKind kind = static_cast<TaskKind>(i);
    EXPECT_EQ(ParseTaskKind(TaskKindName(kind)).value(), kind);
    const JobState job = static_cast<JobState>(i);
    EXPECT_EQ(ParseJobState(JobStateName(job)).value(), job);
  }
  for (int i = 0; i < 7; ++i) {
    const TaskState state = static_cast<TaskState>(i);
    EXPECT_EQ(ParseTaskState(TaskStateName(state)).value(), state);
  }
  for (int i = 0; i < 4; ++i) {
    const FailureClass failure = static_cast<FailureClass>(i);
    EXPECT_EQ(ParseFailureClass(FailureClassName(failure)).value(), failure);
  }
}

TEST(TaskTest, UnknownNamesAreRefused) {
  EXPECT_EQ(ParseTaskKind("paint").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(ParseTaskState("").ok());
}

}  // namespace
}  // namespace stereofarm
