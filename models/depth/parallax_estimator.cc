#include "models/depth/parallax_estimator.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "absl/strings/str_format.h"
#include "models/depth/parallax_gauge.h"
#include "models/depth/parallax_subjects.h"
#include "models/depth/parallax_titles.h"

namespace stereofarm {
namespace {

constexpr int kSmallestSide = 16;
constexpr int64_t kMostPixels = 640 * 480;
// Motion, beyond the rotation's, that a pair should have; pixels at 480.
constexpr double kEnoughMotion = 2;
// Shares of the grid that the flow can follow, below which two frames have little in common.
constexpr double kFollowed = 0.5;
constexpr double kUnrelated = 0.25;
// Share of samples on the homography from which on there's no parallax at all.
constexpr double kFlat = 0.8;
// Of the mean over time.
constexpr int kRounds = 3;
static_assert(kRounds <= ParallaxEstimator::kSteady);

// A view of a plane; `image` must outlive it.
cv::Mat View(Image& image, int channel) {
  return cv::Mat(image.height(), image.width(), CV_32F, image.Plane(channel),
                 static_cast<size_t>(image.stride()) * sizeof(float));
}

cv::Mat Grey(const std::vector<cv::Mat>& rgb) {
  cv::Mat grey(rgb[0].size(), CV_8U);
  for (int y = 0; y < grey.rows; ++y) {
    const float* r = rgb[0].ptr<float>(y);
    const float* g = rgb[1].ptr<float>(y);
    const float* b = rgb[2].ptr<float>(y);
    uint8_t* out = grey.ptr<uint8_t>(y);
    for (int x = 0; x < grey.cols; ++x) {
      const float v = 255 * (0.299f * r[x] + 0.587f * g[x] + 0.114f * b[x]) + 0.5f;
      out[x] = static_cast<uint8_t>(std::min(std::max(v, 0.0f), 255.0f));
    }
  }
  return grey;
}

Image ToImage(const cv::Mat& plane, double scale) {
  Image image(plane.cols, plane.rows, 1);
  for (int y = 0; y < plane.rows; ++y) {
    const float* in = plane.ptr<float>(y);
    float* out = image.Row(0, y);
    for (int x = 0; x < plane.cols; ++x) out[x] = in[x] * static_cast<float>(scale);
  }
  return image;
}

Image FlowImage(const cv::Mat& flow) {
  Image image(flow.cols, flow.rows, 2);
  for (int y = 0; y < flow.rows; ++y) {
    const cv::Vec2f* in = flow.ptr<cv::Vec2f>(y);
    float* u = image.Row(0, y);
    float* v = image.Row(1, y);
    for (int x = 0; x < flow.cols; ++x) {
      u[x] = in[x][0];
      v[x] = in[x][1];
    }
  }
  return image;
}

// Whether half of the picture moves by as much as shows in its sharp edges after some frames.
bool PictureMoves(const FlowPair& pair) {
  const float least = 0.2f * static_cast<float>(pair.forward.cols) / 480.0f;
  int moving = 0, all = 0;
  for (int y = 4; y < pair.forward.rows; y += 8) {
    const cv::Vec2f* flow = pair.forward.ptr<cv::Vec2f>(y);
    for (int x = 4; x < pair.forward.cols; x += 8, ++all) {
      moving += flow[x][0] * flow[x][0] + flow[x][1] * flow[x][1] > least * least;
    }
  }
  return 2 * moving > all;
}

int EvenAtLeast(double value) {
  return std::max(kSmallestSide, 2 * static_cast<int>(std::lround(value / 2)));
}

}  // namespace

struct ParallaxEstimator::Frame {
  Image pixels;
  std::vector<cv::Mat> rgb;  // views of `pixels`
  cv::Mat grey;
  FrameDepth depth;
  cv::Mat steadied[kRounds];   // by rounds of the mean over time; empty until asked for
  double ratio_from_last = 0;  // LogRatio of the frame before and this one
};

struct ParallaxEstimator::Pair {
  FlowPair flow;
  PairMotion motion;
};

ParallaxEstimator::ParallaxEstimator(const ParallaxOptions& options) : options_(options) {
  cv::setNumThreads(1);
}
ParallaxEstimator::~ParallaxEstimator() = default;

absl::StatusOr<DepthPlan> ParallaxEstimator::Plan(ImageSize picture) const {
  if (picture.width < 1 || picture.height < 1) {
    return absl::InvalidArgumentError(absl::StrFormat("parallax: a picture of %d x %d has no depth",
                                                      picture.width, picture.height));
  }
  const double w = picture.width, h = picture.height;
  const double scale =
      std::min({1.0, kWidest / w, std::sqrt(static_cast<double>(kMostPixels) / (w * h))});
  DepthPlan plan;
  plan.input = {EvenAtLeast(w * scale), EvenAtLeast(h * scale)};
  plan.output = plan.input;
  plan.window = kReach + kSteady;
  return plan;
}

absl::Status ParallaxEstimator::Begin(ImageSize picture) {
  SF_ASSIGN_OR_RETURN(plan_, Plan(picture));
  frames_.clear();
  pairs_.clear();
  begun_ = true;
  first_ = end_ = next_measured_ = next_answer_ = -1;
  return absl::OkStatus();
}

absl::Status ParallaxEstimator::Push(DepthInput frame, std::vector<DepthResult>* done) {
  if (!begun_) return absl::InternalError("parallax: a frame was pushed before Begin");
  if (frame.rgb.width() != plan_.input.width || frame.rgb.height() != plan_.input.height ||
      frame.rgb.channels() < 3) {
    return absl::InternalError(
        absl::StrFormat("parallax: frame %d is %d x %d with %d channels instead of %d x %d with 3",
                        frame.frame, frame.rgb.width(), frame.rgb.height(), frame.rgb.channels(),
                        plan_.input.width, plan_.input.height));
  }
  if (first_ < 0) {
    first_ = end_ = next_measured_ = next_answer_ = frame.frame;
  } else if (frame.frame != end_) {
    return absl::InternalError(
        absl::StrFormat("parallax: frame %d follows frame %d", frame.frame, end_ - 1));
  }
  auto stored = std::make_unique<Frame>();
  stored->pixels = std::move(frame.rgb);
  for (int c = 0; c < 3; ++c) stored->rgb.push_back(View(stored->pixels, c));
  stored->grey = Grey(stored->rgb);
  frames_[end_++] = std::move(stored);
  return Advance(false, done);
}

absl::Status ParallaxEstimator::Finish(std::vector<DepthResult>* done) {
  if (!begun_) return absl::InternalError("parallax: Finish before Begin");
  begun_ = false;
  SF_RETURN_IF_ERROR(Advance(true, done));
  frames_.clear();
  pairs_.clear();
  return absl::OkStatus();
}

absl::Status ParallaxEstimator::Advance(bool ended, std::vector<DepthResult>* done) {
  try {
    for (; next_measured_ < end_ && (ended || next_measured_ + kReach < end_); ++next_measured_) {
      MeasureFrame(next_measured_);
    }
    for (; next_answer_ < next_measured_ && (ended || next_answer_ + kSteady < next_measured_);
         ++next_answer_) {
      done->push_back(Answer(next_answer_));
    }
  } catch (const cv::Exception& e) {
    return absl::InternalError(absl::StrFormat("parallax: OpenCV failed: %s", e.what()));
  }
  // Pictures and wide pairs serve measurements alone; depth and flows to the next frame the mean
  // over time too.
  const int64_t oldest = next_answer_ - kSteady;
  std::erase_if(frames_, [&](const auto& f) { return f.first < oldest; });
  std::erase_if(pairs_, [&](const auto& p) {
    const auto [a, b] = p.first;
    return b < next_measured_ - 1 && (b > a + 1 || a < oldest);
  });
  for (auto& [t, frame] : frames_) {
    if (t >= next_measured_ - kReach) break;
    frame->rgb.clear();
    frame->pixels = Image();
    frame->grey.release();
  }
  return absl::OkStatus();
}

ParallaxEstimator::Pair& ParallaxEstimator::PairOf(int64_t a, int64_t b) {
  std::unique_ptr<Pair>& pair = pairs_[{a, b}];
  if (pair == nullptr) {
    pair = std::make_unique<Pair>();
    pair->flow = flow_.Between(frames_.at(a)->grey, frames_.at(b)->grey);
    pair->motion = MeasureMotion(pair->flow);
  }
  return *pair;
}

void ParallaxEstimator::AddSide(int64_t t, int side, std::vector<FrameSide>* sides) {
  const auto inside = [&](int k) { return t + side * k >= first_ && t + side * k < end_; };
  const auto pair_at = [&](int k) -> Pair& {
    return side > 0 ? PairOf(t, t + k) : PairOf(t - k, t);
  };
  if (!inside(1)) return;
  int chosen = 1;
  const PairMotion& next = pair_at(1).motion;
  if (!(next.trust > 0 && next.motion >= kEnoughMotion)) {
    int wide = 2 * next.motion >= kEnoughMotion || next.survivors < kFollowed ? 2 : 4;
    while (!inside(wide)) wide /= 2;
    // Without parallax over the wide distance there's none over the narrow one.
    const PairMotion& far = pair_at(wide).motion;
    if (far.trust > 0 || far.homography_share > kFlat) chosen = wide;
  }
  Pair& pair = pair_at(chosen);
  if (!(pair.motion.trust > 0)) return;
  FrameSide out;
  out.flow = side > 0 ? &pair.flow.forward : &pair.flow.backward;
  out.error = side > 0 ? &pair.flow.forward_error : &pair.flow.backward_error;
  out.pose = side > 0 ? pair.motion.pose : pair.motion.pose.Inverse();
  out.trust = pair.motion.trust;
  out.distance = side * chosen;
  sides->push_back(out);
}

// Of the frame's subjects, from the widest pairs; empty when there are none.
cv::Mat ParallaxEstimator::OwnMotion(int64_t t) {
  cv::Mat sum;
  int count = 0;
  for (const int side : {-1, 1}) {
    const int64_t u = t + side * kReach;
    if (u < first_ || u >= end_) continue;
    const Pair& pair = side > 0 ? PairOf(t, u) : PairOf(u, t);
    if (pair.motion.survivors < kFollowed) continue;
    const cv::Mat motion =
        side > 0 ? MotionAgainst(pair.motion.homography, pair.flow.forward, pair.flow.forward_error)
                 : MotionAgainst(pair.motion.homography.inv(), pair.flow.backward,
                                 pair.flow.backward_error);
    if (count++ == 0) {
      sum = motion;
    } else {
      sum += motion;
    }
  }
  if (count > 1) sum *= 1.0 / count;
  return sum;
}

cv::Mat ParallaxEstimator::TitlesOf(int64_t t) {
  if (t + 1 < end_ ? !PictureMoves(PairOf(t, t + 1).flow)
                   : t == first_ || !PictureMoves(PairOf(t - 1, t).flow)) {
    return cv::Mat();
  }
  std::vector<const cv::Mat*> others;
  for (const int64_t u : {t - kReach, t - kReach / 2, t + kReach / 2, t + kReach}) {
    if (u >= first_ && u < end_) others.push_back(&frames_.at(u)->grey);
  }
  return others.size() < 2 ? cv::Mat() : FindTitles(frames_.at(t)->grey, others);
}

// A flash, a smear, a damaged frame: its neighbours know each other, but not it.
bool ParallaxEstimator::IsLost(int64_t t) {
  return t > first_ && t + 1 < end_ && PairOf(t - 1, t).motion.survivors < kUnrelated &&
         PairOf(t, t + 1).motion.survivors < kUnrelated &&
         PairOf(t - 1, t + 1).motion.survivors >= kFollowed;
}

void ParallaxEstimator::MeasureFrame(int64_t t) {
  Frame& frame = *frames_.at(t);
  FrameInput input;
  input.rgb = &frame.rgb;
  if (options_.travel) {
    AddSide(t, 1, &input.sides);
    AddSide(t, -1, &input.sides);
  }
  double trust = 0;
  for (const FrameSide& side : input.sides) trust = std::max(trust, side.trust);
  if (trust < 1 && options_.subjects) input.own_motion = OwnMotion(t);
  if (options_.titles) input.titles = TitlesOf(t);
  frame.depth = EstimateFrame(input, options_);
  frame.depth.lost = IsLost(t);
  if (t > first_) {
    frame.ratio_from_last = LogRatio(frames_.at(t - 1)->depth, frame.depth, PairOf(t - 1, t).flow);
  }
}

cv::Mat ParallaxEstimator::Steadied(int64_t t, int rounds) {
  Frame& frame = *frames_.at(t);
  if (rounds == 0 || !options_.steady) return frame.depth.rho;
  cv::Mat& steadied = frame.steadied[static_cast<size_t>(rounds - 1)];
  if (!steadied.empty()) return steadied;
  const bool before = t > first_, after = t + 1 < end_;
  if (frame.depth.lost && before && after) {
    steadied = 0.5 * Steadied(t - 1, rounds - 1) + 0.5 * Steadied(t + 1, rounds - 1);
    return steadied;
  }
  std::vector<TimeNeighbour> neighbours;
  cv::Mat last_rho, next_rho;
  if (before && !frames_.at(t - 1)->depth.lost) {
    const Frame& last = *frames_.at(t - 1);
    const Pair& pair = PairOf(t - 1, t);
    last_rho = Steadied(t - 1, rounds - 1);
    neighbours.push_back({&last_rho, &pair.flow.backward, &pair.flow.backward_error,
                          -frame.ratio_from_last,
                          -last.depth.travel[2] * std::exp(-frame.ratio_from_last)});
  }
  if (after && !frames_.at(t + 1)->depth.lost) {
    const Frame& next = *frames_.at(t + 1);
    const Pair& pair = PairOf(t, t + 1);
    next_rho = Steadied(t + 1, rounds - 1);
    neighbours.push_back({&next_rho, &pair.flow.forward, &pair.flow.forward_error,
                          next.ratio_from_last, frame.depth.travel[2]});
  }
  steadied = SteadyFrame(Steadied(t, rounds - 1), frame.depth.confidence, neighbours);
  return steadied;
}

DepthResult ParallaxEstimator::Answer(int64_t t) {
  Frame& frame = *frames_.at(t);
  const int64_t from = std::max(first_, t - kSteady);
  const int64_t to = std::min(end_ - 1, t + kSteady);
  std::vector<double> ratios;
  for (int64_t u = from + 1; u <= to; ++u) ratios.push_back(frames_.at(u)->ratio_from_last);
  const double gauge =
      options_.gauge ? std::exp(WindowGauge(ratios, static_cast<size_t>(t - from))) : 1.0;
  DepthResult result;
  result.frame = t;
  result.inverse_depth = ToImage(Steadied(t, kRounds), gauge);
  result.confidence = ToImage(frame.depth.confidence, frame.depth.lost ? 0 : 1);
  if (t + 1 < end_) {
    const Pair& pair = PairOf(t, t + 1);
    result.flow_to_next = FlowImage(pair.flow.forward);
    if (pair.motion.trust > 0 && cv::norm(frame.depth.travel) > 0) {
      CameraMotion motion;
      motion.from_frame = t;
      motion.to_frame = t + 1;
      motion.focal = kFocalInWidths;
      std::copy_n(pair.motion.pose.rotation.val, 9, motion.rotation);
      const cv::Vec3d step = pair.motion.pose.rotation * pair.motion.pose.translation *
                             (cv::norm(frame.depth.travel) / gauge);
      std::copy_n(step.val, 3, motion.translation);
      result.motion_to_next = motion;
    }
  }
  return result;
}

}  // namespace stereofarm
