#ifndef STEREOFARM_MODELS_INPAINT_SHOT_WINDOW_H_
#define STEREOFARM_MODELS_INPAINT_SHOT_WINDOW_H_

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "models/flow/dense_flow.h"
#include "models/inpaint/kept_frame.h"
#include "models/inpaint/pair_motion.h"
#include "models/inpaint/seen_elsewhere.h"

namespace stereofarm {

// The frames of a shot around the ones that are being filled, and how the scene moves between them.
// What it says of a frame depends on the frames within kReach of it alone.
class ShotWindow {
 public:
  static constexpr int kReach = 8;

  // A frame, and how the scene moves into it from frames before it.
  struct Arrival {
    KeptFrame frame;
    std::vector<std::pair<int, MotionFit>> motions;  // by distance
  };
  // `frame` follows the last one that was added. Changes nothing that others of these functions
  // look at: Neighbours may be asked meanwhile.
  Arrival Prepare(KeptFrame frame);
  void Add(Arrival arrival);
  // Forgets frames before `frame`.
  void Forget(int64_t frame);
  const KeptFrame* Find(int64_t frame) const;
  // The frames within kReach of `frame` that are there and show the same scene, in order of time,
  // with the motion into `frame`. All of them: of every other one the fills of the rendered forest
  // would lose 0.7 dB, and of those 1, 2, 4 and 8 frames away the fills would change by a third
  // more from frame to frame.
  std::vector<SeenFrom> Neighbours(int64_t frame) const;

 private:
  // From `from` to a frame `distance` later; none where any part of the way isn't to be trusted.
  std::optional<DisparityMotion> Between(int64_t from, int distance) const;

  DenseFlow flow_;
  std::deque<KeptFrame> frames_;
  std::map<std::pair<int, int64_t>, MotionFit> motions_;  // by distance and earlier frame
};

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_INPAINT_SHOT_WINDOW_H_
