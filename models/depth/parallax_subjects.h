#ifndef STEREOFARM_MODELS_DEPTH_PARALLAX_SUBJECTS_H_
#define STEREOFARM_MODELS_DEPTH_PARALLAX_SUBJECTS_H_

#include <opencv2/core.hpp>

namespace stereofarm {

// How far each pixel of a frame moves against the homography of a pair, pixels at 480; 0 where the
// flow doesn't come back. `flow` and `error` from this frame, `homography` from it too.
cv::Mat MotionAgainst(const cv::Matx33d& homography, const cv::Mat& flow, const cv::Mat& error);

// Raises what moves by itself (mean of MotionAgainst over some pairs) to the prior's depth at its
// contact with the ground. Fades out when more than a third of the picture would move.
// `strength` 0..1.
void RaiseSubjects(const cv::Mat& motion, float strength, cv::Mat* prior);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_DEPTH_PARALLAX_SUBJECTS_H_
