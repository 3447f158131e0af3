#include "models/depth/depth_stabiliser.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <opencv2/imgproc.hpp>
#include <utility>

namespace stereofarm {
namespace {

constexpr int kFlowWidth = 480;
// Pixels after going there and back, at the flow's size.
constexpr float kMatched = 1.0f;
constexpr int kFewest = 200;
constexpr int kTrims = 4;
constexpr double kTrimmed = 2.5;  // deviations
// A pair of frames whose depths have less than this in common tells nothing of their maps.
constexpr double kLikeness = 0.3;
constexpr double kMostGain = 4;
// Weights of the smoothing.
constexpr std::array<float, DepthStabiliser::kSmoothing + 1> kNear = {1.0f, 0.75f, 0.4f};
constexpr float kReturn = 1.0f;       // pixels of the flow's size
constexpr float kColour = 0.06f;      // of the code values
constexpr float kDepthShare = 0.05f;  // of the depth's 5 to 95 percent range

cv::Mat PlaneOf(const Image& image, int channel) {
  // OpenCV takes no const data; nothing is written to it.
  return cv::Mat(image.height(), image.width(), CV_32F, const_cast<float*>(image.Plane(channel)),
                 static_cast<size_t>(image.stride()) * sizeof(float));
}

Image ImageOf(const cv::Mat& plane) {
  Image image(plane.cols, plane.rows, 1);
  for (int y = 0; y < plane.rows; ++y) {
    std::memcpy(image.Row(0, y), plane.ptr<float>(y),
                static_cast<size_t>(plane.cols) * sizeof(float));
  }
  return image;
}

struct Matched {
  float from, to;
};

// Depths of the pixels that the flow matches there and back.
std::vector<Matched> MatchedDepths(const cv::Mat& from, const cv::Mat& to, const FlowPair& flow) {
  std::vector<Matched> matched;
  for (int y = 0; y < from.rows; y += 2) {
    for (int x = 0; x < from.cols; x += 2) {
      if (flow.forward_error.at<float>(y, x) > kMatched) continue;
      const cv::Vec2f& f = flow.forward.at<cv::Vec2f>(y, x);
      matched.push_back({from.at<float>(y, x), SampleLinear(to, static_cast<float>(x) + f[0],
                                                            static_cast<float>(y) + f[1])});
    }
  }
  return matched;
}

AffineMap MapBetween(std::vector<Matched> matched) {
  AffineMap map;
  for (int round = 0; round < kTrims; ++round) {
    if (matched.size() < kFewest) break;
    double n = 0, a = 0, b = 0, aa = 0, bb = 0, ab = 0;
    for (const Matched& m : matched) {
      n += 1;
      a += m.from;
      b += m.to;
      aa += static_cast<double>(m.from) * m.from;
      bb += static_cast<double>(m.to) * m.to;
      ab += static_cast<double>(m.from) * m.to;
    }
    const double va = aa / n - a / n * (a / n), vb = bb / n - b / n * (b / n);
    const double cab = ab / n - a / n * (b / n);
    if (!(va > 0) || !(vb > 0) || !(cab > kLikeness * std::sqrt(va * vb))) break;
    const double gain = std::sqrt(vb / va);
    if (gain > kMostGain || gain < 1 / kMostGain) break;
    map = {gain, b / n - gain * (a / n)};
    double spread = 0;
    const auto off = [&](const Matched& m) { return m.to - map.gain * m.from - map.offset; };
    for (const Matched& m : matched) spread += off(m) * off(m);
    const double most = kTrimmed * std::sqrt(spread / n);
    std::erase_if(matched, [&](const Matched& m) { return std::abs(off(m)) > most; });
  }
  return map;
}

// `second` after `first`.
AffineMap Then(const AffineMap& first, const AffineMap& second) {
  return {second.gain * first.gain, second.gain * first.offset + second.offset};
}

AffineMap Inverse(const AffineMap& map) { return {1 / map.gain, -map.offset / map.gain}; }

// The 5 to 95 percent range.
float RangeOf(const cv::Mat& plane) {
  std::vector<float> values;
  for (int y = 0; y < plane.rows; y += 2) {
    for (int x = 0; x < plane.cols; x += 2) values.push_back(plane.at<float>(y, x));
  }
  const auto quantile = [&](double share) {
    const auto at =
        values.begin() + static_cast<ptrdiff_t>(share * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), at, values.end());
    return *at;
  };
  const float low = quantile(0.05);
  return quantile(0.95) - low;
}

}  // namespace

void DepthStabiliser::Begin() {
  frames_.clear();
  next_ = 0;
}

Image DepthStabiliser::Guide(const Image& rgb) {
  const double scale = std::min(1.0, static_cast<double>(kFlowWidth) / rgb.width());
  const auto side = [&](int full) {
    return std::max(1, static_cast<int>(std::lround(full * scale)));
  };
  Image guide(side(rgb.width()), side(rgb.height()), 3);
  for (int c = 0; c < 3; ++c) {
    cv::Mat small = PlaneOf(guide, c);
    cv::resize(PlaneOf(rgb, c), small, small.size(), 0, 0, cv::INTER_AREA);
  }
  return guide;
}

void DepthStabiliser::Push(const Image& guide, DepthResult estimate,
                           std::vector<DepthResult>* done) {
  Frame frame;
  frame.depth = PlaneOf(estimate.inverse_depth, 0).clone();
  frame.estimate = std::move(estimate);
  const std::array<cv::Mat, 3> planes = {PlaneOf(guide, 0), PlaneOf(guide, 1), PlaneOf(guide, 2)};
  cv::merge(planes.data(), planes.size(), frame.colour);
  cv::Mat grey = 0.299f * planes[0] + 0.587f * planes[1] + 0.114f * planes[2];
  grey.convertTo(frame.grey, CV_8U, 255);
  cv::resize(frame.depth, frame.small, frame.grey.size(), 0, 0, cv::INTER_AREA);
  if (!frames_.empty()) {
    Frame& before = frames_.back();
    before.flow = flow_.Between(before.grey, frame.grey);
    before.map = MapBetween(MatchedDepths(before.small, frame.small, before.flow));
  }
  frames_.push_back(std::move(frame));
  GiveOut(done, /*at_end=*/false);
}

void DepthStabiliser::Finish(std::vector<DepthResult>* done) { GiveOut(done, /*at_end=*/true); }

void DepthStabiliser::GiveOut(std::vector<DepthResult>* done, bool at_end) {
  for (int last = static_cast<int>(frames_.size()) - 1;
       next_ <= last && (at_end || next_ + kWindow <= last);
       last = static_cast<int>(frames_.size()) - 1) {
    done->push_back(Finished(next_, std::min(last, next_ + kWindow)));
    ++next_;
    if (next_ > kWindow) {
      frames_.pop_front();
      --next_;
    }
  }
}

AffineMap DepthStabiliser::Steadied(int at, int last) const {
  // The frame's depth as the other frames of the window would have it, and a line through that.
  double s0 = 0, s1 = 0, s2 = 0, g0 = 0, g1 = 0, o0 = 0, o1 = 0;
  const auto add = [&](int distance, const AffineMap& map) {
    const double weight = 1 - std::abs(distance) / (kBreathing + 1.0);
    const double gain = std::log(map.gain);
    s0 += weight;
    s1 += weight * distance;
    s2 += weight * distance * distance;
    g0 += weight * gain;
    g1 += weight * gain * distance;
    o0 += weight * map.offset;
    o1 += weight * map.offset * distance;
  };
  add(0, {});
  AffineMap map;
  for (int i = at; i < last && i - at < kBreathing; ++i) {
    map = Then(map, frames_[static_cast<size_t>(i)].map);
    add(i + 1 - at, map);
  }
  map = {};
  for (int i = at; i > 0 && at - i < kBreathing; --i) {
    map = Then(map, Inverse(frames_[static_cast<size_t>(i - 1)].map));
    add(i - 1 - at, map);
  }
  const double determinant = s0 * s2 - s1 * s1;
  if (determinant <= 1e-9) return {};
  return {std::exp((s2 * g0 - s1 * g1) / determinant), (s2 * o0 - s1 * o1) / determinant};
}

DepthResult DepthStabiliser::Finished(int at, int last) const {
  const Frame& frame = frames_[static_cast<size_t>(at)];
  const auto steady = [&](int i) {
    const AffineMap map = Steadied(i, std::min(last, i + kBreathing));
    return cv::Mat(frames_[static_cast<size_t>(i)].depth * map.gain + map.offset);
  };
  const cv::Mat depth = steady(at);
  const float sigma = std::max(kDepthShare * RangeOf(depth), 1e-12f);
  cv::Mat sum = depth * kNear[0];
  cv::Mat total(depth.size(), CV_32F, cv::Scalar(kNear[0]));
  const cv::Size small = frame.grey.size();
  const float across = static_cast<float>(depth.cols) / static_cast<float>(small.width);
  const float down = static_cast<float>(depth.rows) / static_cast<float>(small.height);
  for (const int step : {1, -1}) {
    // Where each pixel has gone, and how far the way there and back misses.
    cv::Mat moved = cv::Mat::zeros(small, CV_32FC2), missed = cv::Mat::zeros(small, CV_32F);
    for (int distance = 1; distance <= kSmoothing; ++distance) {
      const int other = at + step * distance;
      if (other < 0 || other > last) break;
      const FlowPair& flow = frames_[static_cast<size_t>(step > 0 ? other - 1 : other)].flow;
      const cv::Mat& way = step > 0 ? flow.forward : flow.backward;
      const cv::Mat& error = step > 0 ? flow.forward_error : flow.backward_error;
      const cv::Mat& colour = frames_[static_cast<size_t>(other)].colour;
      cv::Mat weight(small, CV_32F);
      for (int y = 0; y < small.height; ++y) {
        for (int x = 0; x < small.width; ++x) {
          cv::Vec2f& m = moved.at<cv::Vec2f>(y, x);
          float& miss = missed.at<float>(y, x);
          int px = static_cast<int>(std::lround(static_cast<float>(x) + m[0]));
          int py = static_cast<int>(std::lround(static_cast<float>(y) + m[1]));
          if (px < 0 || py < 0 || px >= small.width || py >= small.height) {
            miss = FlowPair::kLeftPicture;
          } else {
            miss = std::max(miss, error.at<float>(py, px));
            m += way.at<cv::Vec2f>(py, px);
          }
          px = static_cast<int>(std::lround(static_cast<float>(x) + m[0]));
          py = static_cast<int>(std::lround(static_cast<float>(y) + m[1]));
          if (px < 0 || py < 0 || px >= small.width || py >= small.height) {
            miss = FlowPair::kLeftPicture;
          }
          if (miss >= 3 * kReturn) {
            weight.at<float>(y, x) = 0;
            continue;
          }
          const cv::Vec3f difference =
              colour.at<cv::Vec3f>(py, px) - frame.colour.at<cv::Vec3f>(y, x);
          weight.at<float>(y, x) = kNear[static_cast<size_t>(distance)] *
                                   std::exp(-(miss / kReturn) * (miss / kReturn) -
                                            difference.dot(difference) / (kColour * kColour));
        }
      }
      cv::Mat fine_moved, fine_weight, seen;
      cv::resize(moved, fine_moved, depth.size(), 0, 0, cv::INTER_LINEAR);
      cv::resize(weight, fine_weight, depth.size(), 0, 0, cv::INTER_LINEAR);
      for (int y = 0; y < depth.rows; ++y) {
        cv::Vec2f* m = fine_moved.ptr<cv::Vec2f>(y);
        for (int x = 0; x < depth.cols; ++x) {
          m[x] = {static_cast<float>(x) + m[x][0] * across, static_cast<float>(y) + m[x][1] * down};
        }
      }
      cv::remap(steady(other), seen, fine_moved, cv::noArray(), cv::INTER_LINEAR,
                cv::BORDER_REPLICATE);
      for (int y = 0; y < depth.rows; ++y) {
        const float* own = depth.ptr<float>(y);
        const float* theirs = seen.ptr<float>(y);
        const float* trust = fine_weight.ptr<float>(y);
        float* into = sum.ptr<float>(y);
        float* weights = total.ptr<float>(y);
        for (int x = 0; x < depth.cols; ++x) {
          const float off = (theirs[x] - own[x]) / sigma;
          const float w = trust[x] * std::exp(-off * off);
          into[x] += w * theirs[x];
          weights[x] += w;
        }
      }
    }
  }
  DepthResult result;
  result.frame = frame.estimate.frame;
  result.inverse_depth = ImageOf(sum / total);
  result.confidence =
      frame.estimate.confidence.empty() ? Image() : frame.estimate.confidence.Clone();
  result.motion_to_next = frame.estimate.motion_to_next;
  return result;
}

}  // namespace stereofarm
