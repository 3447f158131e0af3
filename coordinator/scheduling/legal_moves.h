#ifndef STEREOFARM_COORDINATOR_SCHEDULING_LEGAL_MOVES_H_
#define STEREOFARM_COORDINATOR_SCHEDULING_LEGAL_MOVES_H_

#include "common/farm/task.h"

namespace stereofarm {

// The one table of moves; whoever changes a state asks it first.
bool IsLegalMove(TaskState from, TaskState to);
bool IsLegalMove(JobState from, JobState to);

// Whether a job may still become done without anyone's doing.
bool IsUnfinished(JobState state);

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_SCHEDULING_LEGAL_MOVES_H_
