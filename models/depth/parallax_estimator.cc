#include "models/depth/parallax_estimator.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "absl/strings/str_format.h"
#include "models/depth/parallax_gauge.h"
#include "models/depth/parallax_subjects.h"
#include "models/depth/parallax_titles.h"
#include "models/flow/dense_flow.h"
#include "models/flow/prepare_opencv.h"

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
// And from which on a wider pair won't show any either.
constexpr double kUtterlyFlat = 0.95;
// Travel of the picture's corners below which the camera stands still; pixels at 480.
constexpr double kStill = 0.5;
// Frames to both sides in which subjects and titles are looked for.
constexpr int kNear = 4;
static_assert(kNear <= ParallaxEstimator::kReach);
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

int EvenAtLeast(double value) {
  return std::max(kSmallestSide, 2 * static_cast<int>(std::lround(value / 2)));
}

}  // namespace

struct ParallaxEstimator::Frame {
  Image pixels;
  std::vector<cv::Mat> rgb;  // views of `pixels`
  std::shared_ptr<const FlowPicture> picture;
  FrameDepth depth;
  cv::Mat steadied[kRounds];   // by rounds of the mean over time; empty until asked for
  double ratio_from_last = 0;  // LogRatio of the frame before and this one
};

struct ParallaxEstimator::Pair {
  FlowPair flow;
  PairMotion motion;
};

ParallaxEstimator::ParallaxEstimator(const ParallaxOptions& options,
                                     std::unique_ptr<FlowEstimator> flow)
    : options_(options), flow_(flow ? std::move(flow) : std::make_unique<DenseFlow>()) {
  PrepareOpenCv();
}
ParallaxEstimator::~ParallaxEstimator() = default;

std::string ParallaxEstimator::Id() const {
  const std::string flow = flow_->Id();
  return "parallax/3" + (flow.empty() ? "" : "+" + flow);
}

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
  stored->picture = flow_->Look(stored->rgb, Grey(stored->rgb));
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
  SF_RETURN_IF_ERROR(flow_->TakeStatus());
  // Pictures and wide pairs serve measurements alone; depth and flows to the next frame the mean
  // over time too.
  const int64_t oldest = next_answer_ - kSteady;
  const int64_t oldest_picture = next_measured_ - kReach;
  std::erase_if(frames_, [&](const auto& f) { return f.first < std::min(oldest, oldest_picture); });
  std::erase_if(pairs_, [&](const auto& p) {
    const auto [a, b] = p.first;
    return b < next_measured_ - 1 && (b > a + 1 || a < oldest);
  });
  for (auto& [t, frame] : frames_) {
    if (t >= next_measured_) break;
    frame->rgb.clear();
    frame->pixels = Image();
    if (t < oldest_picture) frame->picture.reset();
  }
  return absl::OkStatus();
}

ParallaxEstimator::Pair& ParallaxEstimator::PairOf(int64_t a, int64_t b) {
  std::unique_ptr<Pair>& pair = pairs_[{a, b}];
  if (pair == nullptr) {
    pair = std::make_unique<Pair>();
    pair->flow = flow_->Between(*frames_.at(a)->picture, *frames_.at(b)->picture);
    pair->motion = MeasureMotion(pair->flow);
  }
  return *pair;
}

// Whether the corners of the picture stay where they are: a still camera.
bool ParallaxEstimator::StandsStill(const Pair& pair) {
  const double x = 0.5 * pair.flow.forward.cols, y = 0.5 * pair.flow.forward.rows;
  double farthest = 0;
  for (const cv::Vec3d& corner : {cv::Vec3d(-x, -y, 1), {x, -y, 1}, {-x, y, 1}, {x, y, 1}}) {
    const cv::Vec3d to = pair.motion.homography * corner;
    farthest = std::max(farthest, std::hypot(to[0] / to[2] - corner[0], to[1] / to[2] - corner[1]));
  }
  return farthest < kStill * pair.flow.forward.cols / 480;
}

void ParallaxEstimator::AddSide(int64_t t, int side, std::vector<FrameSide>* sides) {
  const auto inside = [&](int k) { return t + side * k >= first_ && t + side * k < end_; };
  const auto pair_at = [&](int k) -> Pair& {
    return side > 0 ? PairOf(t, t + k) : PairOf(t - k, t);
  };
  if (!inside(1)) return;
  int chosen = 1;
  for (int k = 1; true;) {
    const PairMotion& motion = pair_at(k).motion;
    // Without parallax over the wide distance there's none over the narrow one.
    const bool flat = motion.homography_share > kFlat;
    if (motion.trust > 0 || (k > 1 && flat)) chosen = k;
    if (motion.trust > 0 && motion.motion >= kEnoughMotion) break;
    if (motion.survivors < kFollowed) break;
    if (k > 1 && flat && (motion.homography_share > kUtterlyFlat || StandsStill(pair_at(k)))) break;
    int wider = k * (2 * motion.motion >= kEnoughMotion ? 2 : 4);
    while (wider > kReach || !inside(wider)) wider /= 2;
    if (wider <= k) break;
    k = wider;
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
    const int64_t u = t + side * kNear;
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

// Only where depth comes from motion: elsewhere the prior treats them like the rest of the picture.
cv::Mat ParallaxEstimator::TitlesOf(int64_t t, const FrameSide& side) const {
  const int span = std::max(kNear, std::abs(side.distance));
  std::vector<const cv::Mat*> others;
  for (const int k : {-span, -span / 2, span / 2, span}) {
    const int64_t u = t + k;
    if (u >= first_ && u < end_) others.push_back(&frames_.at(u)->picture->grey);
  }
  return others.size() < 2 ? cv::Mat()
                           : FindTitles(frames_.at(t)->picture->grey, others, *side.flow);
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
  if (options_.titles && !input.sides.empty()) {
    input.titles = TitlesOf(t, input.sides.front());
  }
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
