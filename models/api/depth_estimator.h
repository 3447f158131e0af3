#ifndef STEREOFARM_MODELS_API_DEPTH_ESTIMATOR_H_
#define STEREOFARM_MODELS_API_DEPTH_ESTIMATOR_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/image/image.h"

namespace stereofarm {

struct ImageSize {
  int width = 0;
  int height = 0;
  bool operator==(const ImageSize&) const = default;
};

// What an estimator needs to know of the picture, and what it needs to see.
struct DepthPlan {
  // Size at which frames must be pushed (the whole picture, area-averaged).
  ImageSize input;
  // Size of the inverse depth that comes out; usually `input`.
  ImageSize output;
  // The depth of frame t depends on frames t - window .. t + window of its shot and on nothing
  // else. Frames nearer to the shot's ends than `window` see fewer.
  int window = 0;
  // Inverse depth in 1/metre rather than up to an unknown scale and shift.
  bool metric = false;
};

struct DepthInput {
  int64_t frame = 0;  // number in the film
  Image rgb;          // DepthPlan::input large, code values 0..1
};

// Rigid motion of the camera from one frame to another, in the estimator's own unit of length: X' =
// R X + t.
struct CameraMotion {
  int64_t from_frame = 0;
  int64_t to_frame = 0;
  double focal = 0;  // in widths of the picture
  double rotation[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
  double translation[3] = {0, 0, 0};
};

// What is known of one frame. Everything but inverse_depth may be empty.
struct DepthResult {
  int64_t frame = 0;
  Image inverse_depth;  // one channel, near is large, finite
  Image confidence;     // one channel, 0 (a guess) .. 1 (measured)
  // Learned on the way, for stages that can use it.
  Image flow_to_next;  // two channels: x, y in pixels of `input`
  std::optional<CameraMotion> motion_to_next;
};

// Turns a stream of consecutive frames of one shot into inverse depth. Not thread-safe;
// deterministic: the result of a frame depends on the frames in its window only, never on where the
// stream began or how it is batched.
class DepthEstimator {
 public:
  virtual ~DepthEstimator() = default;
  // InvalidArgument when the estimator can't take pictures of this size (of square pixels, in
  // pixels).
  virtual absl::StatusOr<DepthPlan> Plan(ImageSize picture) const = 0;
  // Forgets everything; the next frame pushed begins a new stream. `picture` as in Plan.
  virtual absl::Status Begin(ImageSize picture) = 0;
  // Takes the next frame, frame numbers rising by one; appends what is finished to `done`, in
  // order.
  virtual absl::Status Push(DepthInput frame, std::vector<DepthResult>* done) = 0;
  // The stream's end (the shot's, or the last frame that the window asks for): appends the rest.
  virtual absl::Status Finish(std::vector<DepthResult>* done) = 0;
  // Whether each frame is looked at by itself, so that its depth may breathe and flicker
  // (models/depth/depth_stabiliser.h).
  virtual bool LooksAtFramesAlone() const { return false; }
  // Name and version of what makes the numbers, for stage keys and EXR attributes: "parallax/1".
  // Whoever changes the numbers raises the version.
  virtual std::string Id() const = 0;
};

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_API_DEPTH_ESTIMATOR_H_
