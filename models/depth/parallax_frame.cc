#include "models/depth/parallax_frame.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "models/depth/edge_smoother.h"
#include "models/depth/parallax_ground.h"
#include "models/depth/parallax_movers.h"
#include "models/depth/parallax_prior.h"
#include "models/depth/parallax_subjects.h"
#include "models/depth/parallax_titles.h"
#include "models/depth/parallax_triangulation.h"

namespace stereofarm {
namespace {

constexpr float kSmootherLambda = 100;
constexpr float kSmootherSigma = 5.0f / 255;
// Squared signal-to-noise ratios: what the prior weighs, and where a measurement counts half.
constexpr float kPriorWeight = 100;
constexpr float kHalfConfidence = 300;
constexpr float kMostFitWeight = 3000;
constexpr float kDeduced = 0.3f;  // confidence of depth that follows from where something stands
// Depth that the prior alone stands for: 1 + kPriorSlope * prior, never below kFarthest.
constexpr float kPriorSlope = 0.3f;
constexpr float kFarthest = 0.02f;
// Least slope of a prior that is fitted to what was measured: walls alone say nothing of the
// ground.
constexpr double kLeastSlope = 0.2;

// max(v, 0) without the corner.
float SoftFloor(float v) { return 0.5f * (v + std::sqrt(v * v + 4 * kFarthest * kFarthest)); }

// Fuses the sides; travel is per frame in the unit of the result. nullopt without any.
std::optional<MeasuredDepth> Measure(const std::vector<FrameSide>& sides, cv::Vec3d* travel) {
  std::optional<MeasuredDepth> all;
  for (const FrameSide& side : sides) {
    if (side.trust <= 0) continue;
    MeasuredDepth one = Triangulate(*side.flow, *side.error, side.pose);
    one.weight *= side.trust;
    if (!all) {
      *travel = side.pose.translation / static_cast<double>(side.distance);
      all = std::move(one);
    } else if (auto fused = Fuse(*all, one)) {
      all = std::move(fused);
    }
  }
  return all;
}

// Brings the measurement to median 1 and its weights to squared signal-to-noise ratios.
bool Normalise(MeasuredDepth* depth, cv::Vec3d* travel) {
  const float highest = Quantile(depth->rho, 0.995, 3, depth->weight);
  cv::Mat positive = depth->weight.clone();
  positive.setTo(0, depth->rho <= 0);
  const float median = Quantile(depth->rho, 0.5, 3, positive);
  if (!(median > 1e-9f) || !(highest > 0)) return false;
  cv::min(depth->rho, highest, depth->rho);
  cv::max(depth->rho, 0.0, depth->rho);
  depth->rho *= 1.0 / median;
  depth->weight *= static_cast<double>(median) * median;
  *travel *= median;
  return true;
}

// Brings the prior into the measurement's unit: k0 + k1 * prior by weighted least squares, nearer
// to the prior's own scale the less was measured.
cv::Mat FitPrior(const cv::Mat& prior, const MeasuredDepth* depth, float trust) {
  double k0 = 1, k1 = kPriorSlope;
  if (depth != nullptr) {
    double w = 0, wp = 0, wpp = 0, wr = 0, wpr = 0;
    int count = 0;
    for (int y = 0; y < prior.rows; y += 2) {
      const float* p = prior.ptr<float>(y);
      const float* r = depth->rho.ptr<float>(y);
      const float* c = depth->weight.ptr<float>(y);
      for (int x = 0; x < prior.cols; x += 2, ++count) {
        const double weight = trust * std::min(c[x], kMostFitWeight);
        w += weight;
        wp += weight * p[x];
        wpp += weight * p[x] * p[x];
        wr += weight * r[x];
        wpr += weight * p[x] * r[x];
      }
    }
    const double det = w * wpp - wp * wp;
    if (w > 0 && det > 1e-9 * w * w) {
      const double slope = std::max(kLeastSlope, (w * wpr - wp * wr) / det);
      const double level = (wr - slope * wp) / w;
      const double known = w / (w + 20.0 * count);
      k0 += known * (level - k0);
      k1 += known * (slope - k1);
    }
  }
  cv::Mat fit(prior.size(), CV_32F);
  for (int y = 0; y < prior.rows; ++y) {
    const float* p = prior.ptr<float>(y);
    float* f = fit.ptr<float>(y);
    for (int x = 0; x < prior.cols; ++x) {
      f[x] = SoftFloor(static_cast<float>(k0) + static_cast<float>(k1) * p[x]);
    }
  }
  return fit;
}

// Movers take the depth of where they stand: deduced, so less sure than what is measured.
void StandMovers(const Movers& movers, float trust, FrameDepth* frame) {
  for (int y = 0; y < movers.share.rows; ++y) {
    float* rho = frame->rho.ptr<float>(y);
    float* confidence = frame->confidence.ptr<float>(y);
    const float* s = movers.share.ptr<float>(y);
    const float* d = movers.depth.ptr<float>(y);
    for (int x = 0; x < movers.share.cols; ++x) {
      rho[x] += trust * s[x] * (d[x] - rho[x]);
      confidence[x] += s[x] * (trust * kDeduced - confidence[x]);
    }
  }
}

// The power mean of exponent 1/4: what is near and comes into the picture hardly moves it, so that
// the film's scale drifts less than with the plain mean.
double PowerMean(const cv::Mat& rho) {
  cv::Mat roots;
  cv::sqrt(rho, roots);
  cv::sqrt(roots, roots);
  const double mean = cv::mean(roots)[0];
  return mean * mean * mean * mean;
}

// Weighted by confidence, within the picture's edges.
void RefineToEdges(const std::vector<cv::Mat>& rgb, bool measured, FrameDepth* frame) {
  const EdgeSmoother smoother(rgb, kSmootherLambda, kSmootherSigma);
  if (!measured) return smoother.Smooth({&frame->rho});
  cv::Mat weight = frame->confidence + 0.001;
  cv::Mat weighted = frame->rho.mul(weight);
  smoother.Smooth({&weighted, &weight});
  cv::divide(weighted, weight, frame->rho);
  frame->confidence = weight - 0.001;
  cv::max(frame->confidence, 0.0, frame->confidence);
  cv::min(frame->confidence, 1.0, frame->confidence);
}

}  // namespace

FrameDepth EstimateFrame(const FrameInput& input, const ParallaxOptions& options) {
  const std::vector<cv::Mat>& rgb = *input.rgb;
  FrameDepth frame;
  float trust = 0;
  for (const FrameSide& side : input.sides) {
    trust = std::max(trust, static_cast<float>(side.trust));
  }
  std::optional<MeasuredDepth> measured = Measure(input.sides, &frame.travel);
  cv::Mat uncovered;
  if (measured && !input.titles.empty()) uncovered = UncoverTitles(input.titles, &*measured);
  if (measured && !Normalise(&*measured, &frame.travel)) measured.reset();
  Movers movers;
  std::optional<GroundPlane> ground;
  if (measured) {
    if (options.ground) ground = FindGround(*measured);
    if (ground) {
      if (options.movers) movers = FindMovers(rgb, *ground, *measured);
      ClampToGround(*ground, &measured->rho);
      if (!movers.empty()) measured->weight.setTo(0, movers.blurred);
    }
    if (!uncovered.empty()) FillUncovered(uncovered, &*measured);
  } else {
    frame.travel = {0, 0, 0};
  }
  cv::Mat prior = options.prior ? AppearancePrior(rgb, options)
                                : cv::Mat(cv::Mat::zeros(rgb[0].size(), CV_32F));
  if (!input.own_motion.empty() && trust < 1) {
    RaiseSubjects(input.own_motion, 1 - trust, &prior);
  }
  // Without a ground that was measured movers stand on the prior's.
  if (measured && !ground && options.movers) RaiseSubjects(measured->own, trust, &prior);
  frame.rho = FitPrior(prior, measured ? &*measured : nullptr, trust);
  if (ground) ClampToGround(*ground, &frame.rho);
  frame.confidence = cv::Mat::zeros(prior.size(), CV_32F);
  if (measured) {
    for (int y = 0; y < prior.rows; ++y) {
      float* rho = frame.rho.ptr<float>(y);
      float* confidence = frame.confidence.ptr<float>(y);
      const float* r = measured->rho.ptr<float>(y);
      const float* c = measured->weight.ptr<float>(y);
      for (int x = 0; x < prior.cols; ++x) {
        const float share = trust * c[x] / (c[x] + kPriorWeight);
        rho[x] += share * (r[x] - rho[x]);
        confidence[x] = trust * c[x] / (c[x] + kHalfConfidence);
      }
    }
  }
  if (!movers.empty()) StandMovers(movers, trust, &frame);
  if (options.edges) RefineToEdges(rgb, measured.has_value(), &frame);
  if (!input.titles.empty()) {
    FlattenTitles(input.titles, &frame.rho);
    frame.confidence.setTo(0, input.titles);
  }
  cv::patchNaNs(frame.rho, 1.0);
  cv::max(frame.rho, 1e-4, frame.rho);
  const double mean = PowerMean(frame.rho);
  frame.rho *= 1 / mean;
  frame.travel *= mean;
  return frame;
}

}  // namespace stereofarm
