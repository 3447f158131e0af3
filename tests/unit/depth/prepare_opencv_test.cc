#include "models/flow/prepare_opencv.h"

#include <gtest/gtest.h>

#include <opencv2/core.hpp>
#include <vector>

namespace stereofarm {
namespace {

class PrepareOpenCvTest : public testing::Test {
 protected:
  PrepareOpenCvTest() {
    PrepareOpenCv();
    PrepareOpenCv();
  }
};

TEST_F(PrepareOpenCvTest, OneThread) { EXPECT_EQ(cv::getNumThreads(), 1); }

#if !defined(__SANITIZE_ADDRESS__)
TEST_F(PrepareOpenCvTest, MemoryOfAnEndedMatrixServesTheNextOfItsSize) {
  cv::Mat first(360, 640, CV_32FC3);
  const uchar* const values = first.data;
  first.release();
  EXPECT_EQ(cv::Mat(360, 640, CV_32FC3).data, values);
}
#endif

TEST_F(PrepareOpenCvTest, MatricesAreAsEver) {
  cv::Mat whole(300, 400, CV_32FC2, cv::Scalar(1, 2));
  EXPECT_TRUE(whole.isContinuous());
  EXPECT_EQ(whole.step[0], 400u * 8);
  cv::Mat part = whole(cv::Rect(10, 20, 30, 40));
  whole.release();  // the part keeps it
  EXPECT_EQ(part.at<cv::Vec2f>(39, 29), cv::Vec2f(1, 2));
  part.setTo(cv::Scalar(5, 6));
  EXPECT_EQ(part.clone().at<cv::Vec2f>(0, 0), cv::Vec2f(5, 6));
  // Values of the caller's own, with rows that lie apart.
  std::vector<float> own(12, 7);
  const cv::Mat view(3, 2, CV_32F, own.data(), 4 * sizeof(float));
  EXPECT_EQ(cv::sum(view)[0], 42);
  EXPECT_EQ(view.clone().step[0], 2 * sizeof(float));
}

}  // namespace
}  // namespace stereofarm
