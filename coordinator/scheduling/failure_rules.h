#ifndef STEREOFARM_COORDINATOR_SCHEDULING_FAILURE_RULES_H_
#define STEREOFARM_COORDINATOR_SCHEDULING_FAILURE_RULES_H_

#include "common/farm/task.h"

namespace stereofarm {

// What follows from an attempt that failed (docs/operators.md has the same table).
struct FailureRule {
  FailureClass failure;
  // Ends the job with the message.
  bool fails_job;
  // One of the kMostFailures after which the task is put aside.
  bool counts;
  // The next attempt goes to another worker, if there is one.
  bool elsewhere;
  // Counts against the worker if another one then does the task.
  bool blames_worker;
  // The next attempt takes a memory step more, as long as there are steps left.
  bool smaller;
  // Never counts, however often it comes: people have to do something, and the task is good. The
  // worker waits before it asks for the next. Not where one `convert` owns the farm: its user waits
  // for an answer.
  bool patient;
};

const FailureRule& RuleOf(FailureClass failure);

// A task that failed this often, or whose result turned out damaged this often, is put aside; the
// rest of the film goes on.
inline constexpr int kMostFailures = 3;
// Failures that don't count, all the same, begin to count after so many of one task, unless they
// are patient: it must come to an end.
inline constexpr int kMostFreeFailures = 20;
// A worker that failed so many tasks which others then did is put aside.
inline constexpr int kMostBlame = 3;

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_SCHEDULING_FAILURE_RULES_H_
