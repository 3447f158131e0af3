#ifndef STEREOFARM_MODELS_DEPTH_PARALLAX_GAUGE_H_
#define STEREOFARM_MODELS_DEPTH_PARALLAX_GAUGE_H_

#include <opencv2/core.hpp>
#include <vector>

#include "models/depth/parallax_frame.h"
#include "models/flow/flow_pair.h"

namespace stereofarm {

// log of how much larger `next`'s numbers are than `frame`'s for the same points: the median over
// pixels that the flow follows, weighted by confidence, `frame`'s brought forward by the camera's
// travel. 0 when either is lost or too few pixels are followed.
double LogRatio(const FrameDepth& frame, const FrameDepth& next, const FlowPair& flow);

// log of the factor that brings a frame into the gauge of its window. Each frame of the window
// proposes its own normalisation and carries it to `at` along the chain; the answer is
// the mean of the proposals. `ratios[i]` is LogRatio of the window's frames i and i + 1; `at` is
// the frame's place in the window. A sum over a fixed window, so nothing drifts and nothing depends
// on where the stream began.
double WindowGauge(const std::vector<double>& ratios, size_t at);

// A frame's neighbour in time, for SteadyFrame.
struct TimeNeighbour {
  const cv::Mat* rho = nullptr;
  const cv::Mat* flow = nullptr;  // frame to neighbour
  const cv::Mat* error = nullptr;
  double log_ratio = 0;     // of the neighbour's numbers to the frame's
  double travel_forth = 0;  // along the optical axis from frame to neighbour, in units of 1 / rho
};

// Mean over time: each neighbour, brought here along the flow and by the camera, is blended in
// where the flow comes back within a pixel at 480 and, as far as `confidence` says that the depth
// was measured, where the two agree within some 15 %.
cv::Mat SteadyFrame(const cv::Mat& rho, const cv::Mat& confidence,
                    const std::vector<TimeNeighbour>& neighbours);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_DEPTH_PARALLAX_GAUGE_H_
