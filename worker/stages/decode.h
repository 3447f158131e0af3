#ifndef STEREOFARM_WORKER_STAGES_DECODE_H_
#define STEREOFARM_WORKER_STAGES_DECODE_H_

#include <memory>

#include "common/media/frame_reader.h"
#include "common/media/picture.h"
#include "models/api/depth_estimator.h"
#include "worker/stages/film_frame.h"
#include "worker/stages/stream.h"
#include "worker/stages/task_run.h"

namespace stereofarm {

// What later stages want of a decoded frame.
struct DecodeWants {
  bool picture = true;      // as decoded
  bool rgb = false;         // R, G, B as well,
  ImageSize rgb_size = {};  // of this size; 0 x 0: the picture's
};

// Frames of the source from `reader`.
class DecodeStage : public Stream<FilmFrame> {
 public:
  DecodeStage(std::unique_ptr<FrameReader> reader, ColorInfo color, DecodeWants wants,
              TaskRun* run);
  absl::StatusOr<std::optional<FilmFrame>> Next() override;

 private:
  const std::unique_ptr<FrameReader> reader_;
  ColorConverter converter_;
  const DecodeWants wants_;
  TaskRun* const run_;
};

// The frames `range` of the task's film.
absl::StatusOr<std::unique_ptr<Stream<FilmFrame>>> DecodeFilm(FrameRange range, DecodeWants wants,
                                                              TaskRun* run);

}  // namespace stereofarm

#endif  // STEREOFARM_WORKER_STAGES_DECODE_H_
