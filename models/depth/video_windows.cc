#include "models/depth/video_windows.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace stereofarm {
namespace {

constexpr size_t kOverlap = 10;
constexpr size_t kBlend = 8;
// Of a window's frames, those that stand at the beginning of the next.
constexpr std::array<size_t, kOverlap> kKeyFrames = {0, 12, 24, 25, 26, 27, 28, 29, 30, 31};
constexpr size_t kReferences = 2;

}  // namespace

int64_t VideoWindowCount(int64_t frames) { return (frames + kVideoStep - 1) / kVideoStep; }

std::vector<int64_t> VideoWindowFrames(int64_t number, int64_t frames) {
  std::vector<int64_t> window(kVideoWindow);
  const int64_t begin = number * kVideoStep;
  for (int64_t i = 0; i < kVideoWindow; ++i) {
    window[static_cast<size_t>(i)] = std::min(begin + i, frames - 1);
  }
  // The second key frame is no key frame of its own window, and the eight that follow are in the
  // right place already.
  if (number > 0) {
    window[0] = 0;
    window[1] =
        std::min<int64_t>(begin - kVideoStep + static_cast<int64_t>(kKeyFrames[1]), frames - 1);
  }
  return window;
}

VideoStitcher::Affine VideoStitcher::Fit(const Image& first, const Image& second) const {
  double xx = 0, x = 0, xy = 0, y = 0, n = 0;
  for (size_t i = 0; i < kReferences; ++i) {
    const Image& now = i == 0 ? first : second;
    for (int row = 0; row < now.height(); ++row) {
      const float* from = now.Row(0, row);
      const float* to = references_[i].Row(0, row);
      for (int column = 0; column < now.width(); ++column) {
        const double a = from[column], b = to[column];
        xx += a * a;
        x += a;
        xy += a * b;
        y += b;
      }
    }
    n += static_cast<double>(now.width()) * now.height();
  }
  const double determinant = xx * n - x * x;
  if (determinant == 0) return {};
  return {(n * xy - x * y) / determinant, (xx * y - x * xy) / determinant};
}

std::vector<Image> VideoStitcher::Add(std::vector<Image> window) {
  std::vector<Image> done;
  size_t next = 0;  // of the window's frames, the first that isn't blended
  if (references_.empty()) {
    references_.push_back(window[kKeyFrames[0]].Clone());
  } else {
    const Affine affine = Fit(window[0], window[1]);
    for (size_t i = kReferences; i < window.size(); ++i) {
      for (int row = 0; row < window[i].height(); ++row) {
        float* values = window[i].Row(0, row);
        for (int column = 0; column < window[i].width(); ++column) {
          values[column] =
              std::max(0.0f, static_cast<float>(values[column] * affine.scale + affine.shift));
        }
      }
    }
    for (size_t i = 0; i < kBlend; ++i) {
      const float weight = static_cast<float>(i) / static_cast<float>(kBlend - 1);
      Image& before = tail_[i];
      const Image& now = window[kReferences + i];
      for (int row = 0; row < now.height(); ++row) {
        float* values = before.Row(0, row);
        const float* other = now.Row(0, row);
        for (int column = 0; column < now.width(); ++column) {
          values[column] = values[column] * (1 - weight) + other[column] * weight;
        }
      }
      done.push_back(std::move(before));
    }
    references_.pop_back();
    next = kOverlap;
  }
  references_.push_back(window[kKeyFrames[1]].Clone());
  const size_t settled = window.size() - kBlend;
  for (; next < settled; ++next) done.push_back(std::move(window[next]));
  tail_.clear();
  for (; next < window.size(); ++next) tail_.push_back(std::move(window[next]));
  return done;
}

std::vector<Image> VideoStitcher::Finish() {
  references_.clear();
  return std::exchange(tail_, {});
}

}  // namespace stereofarm
