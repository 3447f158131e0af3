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
  int threads = 1;          // of the decoder; the frames are the same
};

// Frames of the source as others want them.
class DecodeStage : public Stream<FilmFrame> {
 public:
  DecodeStage(std::unique_ptr<Stream<DecodedFrame>> decoded, ColorInfo color, DecodeWants wants,
              TaskRun* run);
  absl::StatusOr<std::optional<FilmFrame>> Next() override;

 private:
  const std::unique_ptr<Stream<DecodedFrame>> decoded_;
  ColorConverter converter_;
  const DecodeWants wants_;
  TaskRun* const run_;
};

// The frames `range` of the task's film. They are decoded on a thread of their own, one ahead, and
// brought to R, G, B, eight times as large, on the caller's.
absl::StatusOr<std::unique_ptr<Stream<FilmFrame>>> DecodeFilm(FrameRange range, DecodeWants wants,
                                                              TaskRun* run);

}  // namespace stereofarm

#endif  // STEREOFARM_WORKER_STAGES_DECODE_H_
