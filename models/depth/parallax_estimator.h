#ifndef STEREOFARM_MODELS_DEPTH_PARALLAX_ESTIMATOR_H_
#define STEREOFARM_MODELS_DEPTH_PARALLAX_ESTIMATOR_H_

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "models/api/depth_estimator.h"
#include "models/depth/parallax_frame.h"
#include "models/depth/parallax_options.h"
#include "models/flow/flow_estimator.h"

namespace stereofarm {

// Depth without weights: motion parallax from optical flow, the camera's own rotation and zoom
// taken out, a ground plane, an appearance prior where nothing moves, refined to the picture's
// edges and steady over time.
//
// A frame's own measurement looks up to kReach frames to both sides; its gauge and its mean over
// time look at the measurements of kSteady frames to both sides: window = kReach + kSteady. There
// is no other state: a frame's bytes are the same wherever its stream began, as long as the stream
// covers the window or ends with the shot.
//
// Sets OpenCV's number of threads to 1 for the whole process: the flow's numbers depend on it.
class ParallaxEstimator : public DepthEstimator {
 public:
  static constexpr int kReach = 16;
  static constexpr int kSteady = 4;
  static constexpr int kWidest = 640;

  // Without `flow`: DenseFlow.
  explicit ParallaxEstimator(const ParallaxOptions& options = {},
                             std::unique_ptr<FlowEstimator> flow = nullptr);
  ~ParallaxEstimator() override;
  absl::StatusOr<DepthPlan> Plan(ImageSize picture) const override;
  absl::Status Begin(ImageSize picture) override;
  absl::Status Push(DepthInput frame, std::vector<DepthResult>* done) override;
  absl::Status Finish(std::vector<DepthResult>* done) override;
  std::string Id() const override;

 private:
  struct Frame;
  struct Pair;
  Pair& PairOf(int64_t a, int64_t b);
  static bool StandsStill(const Pair& pair);
  // The neighbour of `t` on one side (-1, 1) that has enough parallax, if any.
  void AddSide(int64_t t, int side, std::vector<FrameSide>* sides);
  cv::Mat OwnMotion(int64_t t);
  cv::Mat TitlesOf(int64_t t, const FrameSide& side) const;
  bool IsLost(int64_t t);
  void MeasureFrame(int64_t t);
  // The depth of `t` after some rounds of the mean over time; each looks one frame further.
  cv::Mat Steadied(int64_t t, int rounds);
  DepthResult Answer(int64_t t);
  absl::Status Advance(bool ended, std::vector<DepthResult>* done);

  ParallaxOptions options_;
  const std::unique_ptr<FlowEstimator> flow_;
  DepthPlan plan_;
  bool begun_ = false;
  int64_t first_ = 0;          // of the stream
  int64_t end_ = 0;            // one past the last frame pushed
  int64_t next_measured_ = 0;  // the next frame to measure
  int64_t next_answer_ = 0;    // the next frame to hand out
  std::map<int64_t, std::unique_ptr<Frame>> frames_;
  std::map<std::pair<int64_t, int64_t>, std::unique_ptr<Pair>> pairs_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_DEPTH_PARALLAX_ESTIMATOR_H_
