#ifndef STEREOFARM_MODELS_DEPTH_PARALLAX_TITLES_H_
#define STEREOFARM_MODELS_DEPTH_PARALLAX_TITLES_H_

#include <opencv2/core.hpp>
#include <vector>

#include "models/depth/parallax_triangulation.h"

namespace stereofarm {

// Text and logos burnt into a moving picture: sharp edges that stay the same in all of `others`
// while the picture moves around them. Grey pictures, CV_8U, of one size; `others` are some frames
// before and after; `flow` leads to one of them or to a nearer one. CV_8U, 255 on the text, its rim
// and the gaps between its letters; empty when there's none.
cv::Mat FindTitles(const cv::Mat& grey, const std::vector<const cv::Mat*>& others,
                   const cv::Mat& flow);

// Takes away what was measured of titles and next to them, where the flow is half theirs. CV_8U,
// 255 where that is.
cv::Mat UncoverTitles(const cv::Mat& titles, MeasuredDepth* measured);

// Puts the depth of the surroundings there.
void FillUncovered(const cv::Mat& uncovered, MeasuredDepth* measured);

// Puts titles into one plane, in front of most of what they cover.
void FlattenTitles(const cv::Mat& titles, cv::Mat* rho);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_DEPTH_PARALLAX_TITLES_H_
