#ifndef STEREOFARM_MODELS_INPAINT_KEPT_FRAME_H_
#define STEREOFARM_MODELS_INPAINT_KEPT_FRAME_H_

#include <cstdint>
#include <opencv2/core.hpp>
#include <vector>

#include "common/image/half_buffer.h"
#include "common/image/image.h"
#include "models/stereo/float8.h"

namespace stereofarm {

// What an inpainter keeps of a frame while others may need it: its picture and displacement as
// halves, and small versions for finding the camera's motion and the exposure.
class KeptFrame {
 public:
  static constexpr int kBlockWidth = 16;
  static constexpr int kBlockHeight = 8;
  static constexpr int kFlowWidth = 640;    // of `grey` and `displacement`, at most
  static constexpr int kColourWidth = 240;  // of `colour`, at most

  // `rgb` has three channels, `displacement` one; of the same size.
  KeptFrame(int64_t frame, const Image& rgb, const Image& displacement);

  int64_t frame() const { return frame_; }
  int width() const { return width_; }
  int height() const { return height_; }
  // Red, green, blue, displacement.
  Float4 Pixel(int x, int y) const {
    // Reads a half too many, which the last pixel has room for behind it.
    Float4 pixel = LoadHalf4(colours_.get() + Number(x, y) * kColours);
    pixel[3] = LoadHalf(Displacement(x, y));
    return pixel;
  }
  // From x on, to the row's end.
  const uint16_t* Displacement(int x, int y) const {
    return halves_of_displacement_.get() + Number(x, y);
  }

  // Least and largest displacement of the finite pixels of a block; low > high where there's none.
  struct Range {
    float low, high;
  };
  int blocks_across() const { return blocks_across_; }
  int blocks_down() const { return blocks_down_; }
  const Range& BlockRange(int bx, int by) const {
    return ranges_[static_cast<size_t>(by) * static_cast<size_t>(blocks_across_) +
                   static_cast<size_t>(bx)];
  }

  const cv::Mat& grey() const { return grey_; }  // CV_8U
  // As large as `grey`, in pixels of the full picture; CV_32F.
  const cv::Mat& displacement() const { return displacement_; }
  const cv::Mat& colour() const { return colour_; }  // CV_32FC3

 private:
  static constexpr size_t kColours = 3;
  size_t Number(int x, int y) const {
    return static_cast<size_t>(y) * static_cast<size_t>(width_) + static_cast<size_t>(x);
  }

  int64_t frame_;
  int width_, height_;
  HalfBuffer colours_;  // red, green, blue of each pixel
  HalfBuffer halves_of_displacement_;
  int blocks_across_, blocks_down_;
  std::vector<Range> ranges_;
  cv::Mat grey_, displacement_, colour_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_INPAINT_KEPT_FRAME_H_
