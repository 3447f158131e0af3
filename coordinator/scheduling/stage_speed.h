#ifndef STEREOFARM_COORDINATOR_SCHEDULING_STAGE_SPEED_H_
#define STEREOFARM_COORDINATOR_SCHEDULING_STAGE_SPEED_H_

#include <cstdint>

namespace stereofarm {

// How long a stage of a job takes for a frame, as its finished tasks tell, and from that how long
// a task may take. Until some have finished the limits are wide.
class StageSpeed {
 public:
  void Add(int64_t frames, int64_t micros);

  // A task that hasn't got a frame further for so long is stalled.
  int64_t StallLimitMicros() const;
  // A task of so many frames that takes longer is, too.
  int64_t TaskLimitMicros(int64_t frames) const;
  // How long a task of so many frames should take; 0: not known yet.
  int64_t ExpectedMicros(int64_t frames) const;
  // Whether another worker that begins now would be through well before one that has been at it for
  // `elapsed_micros` and has `done` of `total` steps behind it (0 of 0: nothing is known of those).
  bool WorthStartingAgain(int64_t frames, int64_t elapsed_micros, int64_t done,
                          int64_t total) const;

 private:
  int64_t tasks_ = 0;
  double micros_per_frame_ = 0;  // mean that forgets
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_SCHEDULING_STAGE_SPEED_H_
