#ifndef STEREOFARM_MODELS_DEPTH_DEPTH_STABILISER_H_
#define STEREOFARM_MODELS_DEPTH_DEPTH_STABILISER_H_

#include <cstdint>
#include <deque>
#include <opencv2/core.hpp>
#include <vector>

#include "models/api/depth_estimator.h"
#include "models/flow/dense_flow.h"

namespace stereofarm {

// y = gain x + offset
struct AffineMap {
  double gain = 1;
  double offset = 0;
};

// Takes the restlessness out of depth that was estimated frame by frame. In two steps, over a fixed
// window of frames on either side:
//
// 1. Breathing: from pixels that the optical flow matches, each pair of frames gets the affine map
//    that brings one's inverse depth to the other's (reduced major axis, outliers trimmed: the same
//    line whichever way one looks). Each frame then gets the map that a local linear fit over the
//    window calls for: what alternates goes, a camera's steady approach stays.
// 2. Flicker: each pixel becomes a weighted mean along its motion over two frames on either side;
//    the weight falls where the flow doesn't come back to where it began, where the colours differ,
//    and where the depths differ by more than noise, so that edges stay.
//
// The depth of a frame depends on kWindow frames on either side and on nothing else.
class DepthStabiliser {
 public:
  static constexpr int kBreathing = 8;  // frames on either side that step 1 looks at
  static constexpr int kSmoothing = 2;
  static constexpr int kWindow = kBreathing + kSmoothing;

  // Forgets everything.
  void Begin();
  // As much of a picture (R, G, B in 0..1) as Push looks at.
  static Image Guide(const Image& rgb);
  // The next frame, its guide and what was estimated for it. Appends the frames that are finished,
  // in order.
  void Push(const Image& guide, DepthResult estimate, std::vector<DepthResult>* done);
  // The stream's end: appends the rest.
  void Finish(std::vector<DepthResult>* done);

 private:
  struct Frame {
    DepthResult estimate;
    cv::Mat depth;   // of the estimate, CV_32F
    cv::Mat small;   // the same at the flow's size
    cv::Mat colour;  // the guide at the flow's size, CV_32FC3
    cv::Mat grey;    // CV_8U
    FlowPair flow;   // to the frame that follows
    AffineMap map;   // from this frame's depth to that one's
  };

  // Places in frames_; `last`: the last frame's that may be looked at.
  AffineMap Steadied(int at, int last) const;
  DepthResult Finished(int at, int last) const;
  void GiveOut(std::vector<DepthResult>* done, bool at_end);

  DenseFlow flow_;
  std::deque<Frame> frames_;
  int next_ = 0;  // the place of the first frame that isn't given out
};

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_DEPTH_DEPTH_STABILISER_H_
