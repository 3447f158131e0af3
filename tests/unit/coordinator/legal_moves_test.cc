#include "coordinator/scheduling/legal_moves.h"

#include <gtest/gtest.h>

#include <vector>

namespace stereofarm {
namespace {

const std::vector<TaskState> kTaskStates = {
    TaskState::kWaiting, TaskState::kReady,      TaskState::kLeased,   TaskState::kDone,
    TaskState::kFailed,  TaskState::kSuperseded, TaskState::kCancelled};
const std::vector<JobState> kJobStates = {JobState::kQueued,     JobState::kRunning,
                                          JobState::kAssembling, JobState::kDone,
                                          JobState::kFailed,     JobState::kCancelled};

TEST(LegalMovesTest, OnlyAReadyTaskIsLeased) {
  for (TaskState from : kTaskStates) {
    EXPECT_EQ(IsLegalMove(from, TaskState::kLeased), from == TaskState::kReady);
  }
}

TEST(LegalMovesTest, OnlyALeasedTaskIsDoneOrFails) {
  for (TaskState from : kTaskStates) {
    EXPECT_EQ(IsLegalMove(from, TaskState::kDone), from == TaskState::kLeased);
    EXPECT_EQ(IsLegalMove(from, TaskState::kFailed), from == TaskState::kLeased);
  }
}

TEST(LegalMovesTest, ADoneTaskCanOnlyBeSuperseded) {
  for (TaskState to : kTaskStates) {
    EXPECT_EQ(IsLegalMove(TaskState::kDone, to), to == TaskState::kSuperseded);
  }
}

TEST(LegalMovesTest, EveryTaskButADoneOneCanBeCancelled) {
  for (TaskState from : kTaskStates) {
    EXPECT_EQ(IsLegalMove(from, TaskState::kCancelled),
              from != TaskState::kDone && from != TaskState::kCancelled);
  }
}

TEST(LegalMovesTest, ACancelledTaskComesBackOnlyThroughANewPlan) {
  for (TaskState to : kTaskStates) {
    EXPECT_EQ(IsLegalMove(TaskState::kCancelled, to), to == TaskState::kSuperseded);
  }
}

TEST(LegalMovesTest, NoTaskMovesToWhereItIs) {
  for (TaskState state : kTaskStates) EXPECT_FALSE(IsLegalMove(state, state));
}

TEST(LegalMovesTest, AJobIsDoneOnlyAfterAssembling) {
  for (JobState from : kJobStates) {
    EXPECT_EQ(IsLegalMove(from, JobState::kDone), from == JobState::kAssembling);
  }
}

TEST(LegalMovesTest, EveryJobCanBeQueuedAgain) {
  for (JobState from : kJobStates) EXPECT_TRUE(IsLegalMove(from, JobState::kQueued));
}

TEST(LegalMovesTest, OnlyUnfinishedJobsFailOrAreCancelled) {
  for (JobState from : kJobStates) {
    EXPECT_EQ(IsLegalMove(from, JobState::kFailed), IsUnfinished(from));
    EXPECT_EQ(IsLegalMove(from, JobState::kCancelled), IsUnfinished(from));
  }
}

}  // namespace
}  // namespace stereofarm
