#ifndef STEREOFARM_WORKER_STAGES_INPAINT_H_
#define STEREOFARM_WORKER_STAGES_INPAINT_H_

#include <deque>
#include <memory>

#include "models/api/inpainter.h"
#include "worker/stages/film_frame.h"
#include "worker/stages/stream.h"
#include "worker/stages/task_run.h"
#include "worker/stages/warp.h"

namespace stereofarm {

// Fills the holes of warped eyes. Frames nearer to the stream's ends than the inpainter's window
// have fewer neighbours. Holds the window's warped eyes and nothing else.
class InpaintStage : public Stream<FilmFrame> {
 public:
  InpaintStage(std::unique_ptr<Stream<FilmFrame>> frames, Inpainter* inpainter, FrameWants wants,
               TaskRun* run);
  absl::StatusOr<std::optional<FilmFrame>> Next() override;

 private:
  absl::Status FillEye(SynthesizedEye eye, FilmFrame* target);

  const std::unique_ptr<Stream<FilmFrame>> frames_;
  Inpainter* const inpainter_;
  const FrameWants wants_;
  TaskRun* const run_;
  std::deque<FilmFrame> before_;  // warped eyes alone, at most a window
  std::deque<FilmFrame> after_;   // whole, at most a window
  bool ended_ = false;
};

}  // namespace stereofarm

#endif  // STEREOFARM_WORKER_STAGES_INPAINT_H_
