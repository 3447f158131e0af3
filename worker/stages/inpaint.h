#ifndef STEREOFARM_WORKER_STAGES_INPAINT_H_
#define STEREOFARM_WORKER_STAGES_INPAINT_H_

#include <deque>
#include <map>
#include <memory>

#include "common/timeline/frame_range.h"
#include "models/api/inpainter.h"
#include "worker/stages/film_frame.h"
#include "worker/stages/stream.h"
#include "worker/stages/task_run.h"
#include "worker/stages/warp.h"

namespace stereofarm {

// One for each eye that is made.
using Inpainters = std::map<SynthesizedEye, std::unique_ptr<Inpainter>>;

// What warp has to hand on for it.
inline constexpr FrameWants kInpaintWants = {.rgb = true, .displacement = true, .warped = true};

// Fills the holes of warped eyes. Of a stream that begins before `core` and ends behind it, for the
// inpainters' windows, hands out the frames of `core`.
class InpaintStage : public Stream<FilmFrame> {
 public:
  InpaintStage(std::unique_ptr<Stream<FilmFrame>> frames, const Inpainters* inpainters,
               FrameRange core, FrameWants wants, TaskRun* run);
  absl::StatusOr<std::optional<FilmFrame>> Next() override;

 private:
  // Gives the inpainters the next frame, or the end.
  absl::Status Advance();
  absl::Status Take(SynthesizedEye eye, std::vector<FilledFrame> done);
  bool IsFilled(const FilmFrame& frame) const;

  const std::unique_ptr<Stream<FilmFrame>> frames_;
  const Inpainters* const inpainters_;
  const FrameRange core_;
  const FrameWants wants_;
  TaskRun* const run_;
  std::deque<FilmFrame> waiting_;  // of the core, without what the inpainters have
  bool begun_ = false;
  bool ended_ = false;
};

}  // namespace stereofarm

#endif  // STEREOFARM_WORKER_STAGES_INPAINT_H_
