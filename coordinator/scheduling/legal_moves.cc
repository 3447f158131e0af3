#include "coordinator/scheduling/legal_moves.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace stereofarm {
namespace {

using T = TaskState;
constexpr std::pair<TaskState, TaskState> kTaskMoves[] = {
    // Its inputs are there.
    {T::kWaiting, T::kReady},
    {T::kReady, T::kLeased},
    {T::kLeased, T::kDone},
    // Lost, handed back, or failed with attempts left.
    {T::kLeased, T::kReady},
    // Failed for good.
    {T::kLeased, T::kFailed},
    // An input was taken back.
    {T::kLeased, T::kWaiting},
    {T::kReady, T::kWaiting},
    // Another result is wanted than the one that it was for.
    {T::kDone, T::kSuperseded},
    {T::kFailed, T::kSuperseded},
    {T::kCancelled, T::kSuperseded},
    {T::kLeased, T::kSuperseded},
    {T::kReady, T::kSuperseded},
    {T::kWaiting, T::kSuperseded},
    // ... and it belongs to the new plan too.
    {T::kSuperseded, T::kReady},
    {T::kSuperseded, T::kWaiting},
    {T::kWaiting, T::kCancelled},
    {T::kReady, T::kCancelled},
    {T::kLeased, T::kCancelled},
    {T::kFailed, T::kCancelled},
    {T::kSuperseded, T::kCancelled},
};

using J = JobState;
constexpr std::pair<JobState, JobState> kJobMoves[] = {
    // The film is indexed.
    {J::kQueued, J::kRunning},
    {J::kRunning, J::kAssembling},
    // A segment turned out damaged.
    {J::kAssembling, J::kRunning},
    {J::kAssembling, J::kDone},
    {J::kQueued, J::kFailed},
    {J::kRunning, J::kFailed},
    {J::kAssembling, J::kFailed},
    {J::kQueued, J::kCancelled},
    {J::kRunning, J::kCancelled},
    {J::kAssembling, J::kCancelled},
    // Continued or retried: the film is looked at again.
    {J::kQueued, J::kQueued},
    {J::kRunning, J::kQueued},
    {J::kAssembling, J::kQueued},
    {J::kDone, J::kQueued},
    {J::kFailed, J::kQueued},
    {J::kCancelled, J::kQueued},
};

template <typename Moves, typename State>
bool Contains(const Moves& moves, State from, State to) {
  return std::find(std::begin(moves), std::end(moves), std::pair(from, to)) != std::end(moves);
}

}  // namespace

bool IsLegalMove(TaskState from, TaskState to) { return Contains(kTaskMoves, from, to); }
bool IsLegalMove(JobState from, JobState to) { return Contains(kJobMoves, from, to); }

bool IsUnfinished(JobState state) {
  return state == JobState::kQueued || state == JobState::kRunning ||
         state == JobState::kAssembling;
}

}  // namespace stereofarm
