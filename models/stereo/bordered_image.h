#ifndef STEREOFARM_MODELS_STEREO_BORDERED_IMAGE_H_
#define STEREOFARM_MODELS_STEREO_BORDERED_IMAGE_H_

#include <algorithm>
#include <utility>

#include "common/image/image.h"

namespace stereofarm {

// A plane with its edge pixels repeated outwards, so that windows may hang over the edges.
class BorderedImage {
 public:
  static constexpr int kBorder = 16;  // columns and rows; also room for eight lanes past the end

  // Uninitialised; write all pixels inside, then call Extend.
  BorderedImage(int width, int height)
      : width_(width), height_(height), image_(width + 2 * kBorder, height + 2 * kBorder, 1) {}

  int width() const { return width_; }
  int height() const { return height_; }
  // Rows -kBorder .. height + kBorder - 1, each from column -kBorder to width + kBorder - 1.
  float* Row(int y) { return image_.Row(0, y + kBorder) + kBorder; }
  const float* Row(int y) const { return image_.Row(0, y + kBorder) + kBorder; }

  void Extend() {
    for (int y = 0; y < height_; ++y) {
      float* row = Row(y);
      std::fill(row - kBorder, row, row[0]);
      std::fill(row + width_, row + width_ + kBorder, row[width_ - 1]);
    }
    const int count = width_ + 2 * kBorder;
    for (int i = 1; i <= kBorder; ++i) {
      std::copy_n(Row(0) - kBorder, count, Row(-i) - kBorder);
      std::copy_n(Row(height_ - 1) - kBorder, count, Row(height_ - 1 + i) - kBorder);
    }
  }

 private:
  int width_;
  int height_;
  Image image_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_STEREO_BORDERED_IMAGE_H_
