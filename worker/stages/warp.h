#ifndef STEREOFARM_WORKER_STAGES_WARP_H_
#define STEREOFARM_WORKER_STAGES_WARP_H_

#include <memory>

#include "models/api/splatter.h"
#include "worker/stages/film_frame.h"
#include "worker/stages/stream.h"
#include "worker/stages/task_run.h"

namespace stereofarm {

// What stages behind a task's last operator still want of a frame; the rest is freed on the way.
struct FrameWants {
  bool rgb = false;           // the source's
  bool depth = false;         // d
  bool metres = false;        // inverse metres
  bool displacement = false;  // the source's pixels', for each eye
  bool warped = false;        // the eyes with their holes
  bool filled = true;         // the eyes without
};

// Moves the source's pixels to where the eyes to be made see them. Eyes that are there already stay
// as they are.
class WarpStage : public Stream<FilmFrame> {
 public:
  WarpStage(std::unique_ptr<Stream<FilmFrame>> frames, FrameWants wants, Splatter* splatter,
            TaskRun* run);
  absl::StatusOr<std::optional<FilmFrame>> Next() override;

 private:
  const std::unique_ptr<Stream<FilmFrame>> frames_;
  const FrameWants wants_;
  Splatter* const splatter_;
  TaskRun* const run_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_WORKER_STAGES_WARP_H_
